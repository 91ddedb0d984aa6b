"""Errors of learned models.

    AtlasError
    `-- LearningError           a model that cannot be learned, kept or taken
        |-- RecipeError         what shall be learned is not in the process model or makes no sense
        |-- MissingTrainerError torch, Lightning or onnx are not installed
        |-- NotLearnedError     nothing was learned that could be trusted: too few runs, or no better than persistence
        `-- LearnedFileError    a file that holds no learned model, or none under that name

What goes wrong when a learned model answers is a `twin.matrix.errors.MatrixError`, as with every process model.
"""

from twin.atlas.errors import AtlasError


class LearningError(AtlasError):
    """A model that cannot be learned, kept or taken."""


class RecipeError(LearningError):
    """What shall be learned is not in the process model or makes no sense."""


class MissingTrainerError(LearningError):
    """What trains models is not installed."""


class NotLearnedError(LearningError):
    """Nothing was learned that could be trusted."""


class LearnedFileError(LearningError):
    """A file that holds no learned model, or none under that name."""
