import pytest

from twin.daedalus.errors import LearnedFileError
from twin.daedalus.library import Library


@pytest.fixture
def library(tmp_path):
    own, shipped = Library((tmp_path / "own", tmp_path / "shipped")), Library((tmp_path / "shipped",))
    shipped.add("tank", 1, b"shipped", "# card")
    shipped.point("tank", 1)
    return own


def test_what_ships_is_found_until_an_own_version_is_in_use(library):
    assert library.plants() == ("tank",)
    assert library.pointed("tank") == 1
    library.add("tank", 2, b"own", "# own card")
    assert library.versions("tank") == (1, 2)
    assert library.pointed("tank") == 1, "kept, but not yet in use"
    library.point("tank", 2)
    assert (library.pointed("tank"), library.content("tank", 2)) == (2, b"own")
    assert (library.folders[0] / "tank" / "2.md").read_text() == "# own card"
    library.point("tank", 1)
    assert library.content("tank", library.pointed("tank")) == b"shipped"
    assert not list(library.folders[0].glob("tank/.*")), "nothing half written is left"


def test_a_version_is_never_changed(library):
    with pytest.raises(LearnedFileError, match="has a version 1 already; give the next number"):
        library.add("tank", 1, b"another", "")
    assert library.content("tank", 1) == b"shipped"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda library: library.pointed("pump"),
            "no in-use among the learned models of 'pump'; run 'atlas train pump'",
        ),
        (lambda library: library.content("tank", 9), "no 9.onnx"),
        (lambda library: library.recipe("tank"), "no recipe.toml"),
        (lambda library: library.point("tank", 9), "no version 9; give one of these: 1"),
        (lambda library: library.content("../tank", 1), "names no plant"),
        (lambda library: library.point("tank", 1, "../alias"), "names no plant or alias"),
    ],
)
def test_what_is_not_there_is_told_with_its_remedy(library, ask, message):
    with pytest.raises(LearnedFileError, match=message) as told:
        ask(library)
    assert told.value.remedy


def test_an_alias_that_says_no_number_is_told(library):
    (library.folders[1] / "tank" / "in-use").write_text("newest")
    with pytest.raises(LearnedFileError, match="says 'newest'; write a version's number"):
        library.pointed("tank")


def test_what_ships_is_never_written_to():
    shipped = Library.open()
    for write in (lambda: shipped.add("tank", 1, b"", ""), lambda: shipped.point("williams-otto", 1)):
        with pytest.raises(LearnedFileError, match="no folder for learned models of one's own; name one"):
            write()
