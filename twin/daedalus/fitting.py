"""Fitting the recurrent network to windows with torch and Lightning; nothing but training imports this."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Final

import lightning
import numpy as np
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from twin.daedalus.network import Recurrence
from twin.daedalus.recipe import Recipe
from twin.daedalus.runs import Run
from twin.daedalus.scaling import Scaling
from twin.daedalus.windows import Cutter
from twin.matrix.port import Watch

_BATCH: Final = 32
_HEARD_OF: Final = 4
"""Only one of so many steps is compared in each pass, others in the next: neighbours say much the same."""
_FASTEST: Final = 4e-3
"""Learning rate at its highest, after a tenth of the steps."""


def fitted(
    runs: Sequence[Run],
    cutter: Cutter,
    scaling: Scaling,
    noise: NDArray[np.float64],
    recipe: Recipe,
    seed: int,
    watch: Watch,
) -> dict[str, NDArray[np.float32]]:
    """Weights by name, the same for the same seed on one machine.

    Parameters
    ----------
    noise
        Deviation of the noise that beginnings are taught with, shape (outputs,), so that noisy readings do no harm.
    """
    lightning.seed_everything(seed, verbose=False)
    windows = _Windows(runs, cutter, noise, seed)
    steps = recipe.epochs * (len(windows) // _BATCH)
    module = _Fitting(Recurrence(scaling, recipe.hidden, recipe.context), steps)
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = lightning.Trainer(
            accelerator="cpu",
            max_steps=steps,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            gradient_clip_val=1.0,
            callbacks=[_Watched(watch, steps)],
        )
        trainer.fit(module, DataLoader(windows, batch_size=_BATCH))
    return {name: tensor.detach().numpy().copy() for name, tensor in module.network.state_dict().items()}


class _Windows(IterableDataset[tuple[Tensor, Tensor, Tensor]]):
    """Windows without end: each pass over the runs draws other ones."""

    def __init__(self, runs: Sequence[Run], cutter: Cutter, noise: NDArray[np.float64], seed: int) -> None:
        self._runs, self._cutter, self._noise = [run for run in runs if cutter.fits(run)], cutter, noise
        self._rng = np.random.default_rng([seed, 1])
        self._steps = sum(len(run) for run in self._runs) / cutter.steps

    def __len__(self) -> int:
        return max(_BATCH, round(2.0 * self._steps))

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        outputs = len(self._noise)
        while True:
            run = self._runs[self._rng.integers(len(self._runs))]
            window = self._cutter.draw(run, self._rng)
            begin = window.begin.copy()
            if self._rng.random() < 0.5:
                begin[:outputs] += self._noise * self._rng.standard_normal(outputs)
            parts = begin, window.drive, window.outputs - begin[:outputs]
            yield tuple(torch.tensor(part, dtype=torch.float32) for part in parts)  # type: ignore[misc]


class _Fitting(lightning.LightningModule):
    def __init__(self, network: Recurrence, steps: int) -> None:
        super().__init__()
        self.network, self._steps = network, steps

    def training_step(self, batch: Sequence[Tensor], _: int) -> Tensor:
        begin, drive, moved = batch
        at = torch.randperm(drive.shape[1])[: max(1, drive.shape[1] // _HEARD_OF)]
        told = self.network(begin, drive, at)
        return torch.nn.functional.smooth_l1_loss(told, moved[:, at] / self.network.move, beta=0.2)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        optimiser = torch.optim.AdamW(self.parameters(), lr=_FASTEST, weight_decay=1e-4)
        pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, _FASTEST, total_steps=self._steps + 1, pct_start=0.1)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": pace, "interval": "step"}}


class _Watched(lightning.Callback):
    def __init__(self, watch: Watch, steps: int) -> None:
        self._watch, self._steps = watch, steps

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        self._watch(min(1.0, trainer.global_step / self._steps))
