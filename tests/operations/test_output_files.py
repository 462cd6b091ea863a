"""Files that commands write: whole or not at all, and never over an input."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streams.cli import main
from streams.operations.output_file import CannotWrite, output_file

NOW = "2026-03-05T09:00:00Z"
EVENT = b'{"id":"1","type":"lead.created","at":"2026-03-02T09:15:00Z","subject":"lead-1"}\n'


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """A file of one event."""
    file = tmp_path / "events.jsonl"
    file.write_bytes(EVENT)
    return file


def replay(events: Path, out: Path | str, **environment: str) -> Result:
    """Replay a file of events to an output."""
    arguments = ["replay", str(events), "--now", NOW, "--out", str(out)]
    return CliRunner().invoke(main, arguments, env=environment)


def names(folder: Path) -> set[str]:
    """What a folder contains."""
    return {path.name for path in folder.iterdir()}


def test_replay_writes_what_it_prints(events: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert replay(events, out).exit_code == 0
    printed = CliRunner().invoke(main, ["replay", str(events), "--now", NOW]).stdout_bytes
    assert b'"kpi":"lead_count"' in printed
    assert out.read_bytes() == printed
    assert replay(events, "-").stdout_bytes == printed
    assert names(tmp_path) == {"events.jsonl", "out.jsonl"}


@pytest.mark.parametrize("kind", ["same", "symbolic", "hard", "dotted"])
def test_replay_onto_its_input_is_refused(events: Path, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "other.jsonl"
    match kind:
        case "same":
            out = events
        case "symbolic":
            out.symlink_to(events)
        case "hard":
            out.hardlink_to(events)
        case _:
            out = tmp_path / ".." / tmp_path.name / "events.jsonl"
    done = replay(events, out)
    assert done.exit_code == 2
    assert done.output == f"Error: {out} is an input of this command (FILE): name another file\n"
    assert events.read_bytes() == EVENT


@pytest.mark.parametrize(
    "variable", ["SALES_KPIS_RULES", "SALES_KPIS_ERASURE_KEY_FILE", "SALES_KPIS_KAFKA_CA"]
)
def test_replay_onto_a_file_that_the_settings_name_is_refused(
    events: Path, tmp_path: Path, variable: str
) -> None:
    file = tmp_path / "configured"
    file.write_text("")
    done = replay(events, file, **{variable: str(file)})
    assert done.exit_code == 2
    assert variable in done.output
    assert file.read_text() == ""


def test_failing_replay_leaves_the_old_file(events: Path, tmp_path: Path) -> None:
    out, rules = tmp_path / "out.jsonl", tmp_path / "rules.toml"
    out.write_text("old")
    rules.write_text("[nonsense]\n")
    assert replay(events, out, SALES_KPIS_RULES=str(rules)).exit_code == 2
    assert replay(events, out, SALES_KPIS_TIMEZONE="Mars/Base").exit_code == 1
    assert out.read_text() == "old"
    assert names(tmp_path) == {"events.jsonl", "out.jsonl", "rules.toml"}


def interrupted_writing(path: Path) -> None:
    """Write a part of a file until Ctrl-C."""
    with output_file(path) as out:
        out.write(b"half")
        out.flush()
        raise KeyboardInterrupt


def test_interrupted_writing_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        interrupted_writing(path)
    assert path.read_text() == "old"
    assert names(tmp_path) == {"out"}


def test_missing_folder_is_one_line(events: Path, tmp_path: Path) -> None:
    out = tmp_path / "missing" / "out.jsonl"
    done = replay(events, out)
    assert done.exit_code == 1
    assert done.output == (f"Error: cannot write {out}: the folder {out.parent} does not exist\n")
    exported = CliRunner().invoke(main, ["export", "--bootstrap", "127.0.0.1:1", str(out)])
    assert exported.exit_code == 1
    assert exported.output == done.output


def test_file_in_place_of_a_folder_is_one_line(events: Path) -> None:
    out = events / "out.jsonl"
    done = replay(events, out)
    assert done.exit_code == 1
    assert done.output == f"Error: cannot write {out}: {events} is no folder\n"
    done = CliRunner().invoke(main, ["schemas", str(events / "schemas")])
    assert done.exit_code == 1
    assert (
        done.output == f"Error: cannot make the folder {events}/schemas/events: Not a directory\n"
    )


def test_folder_in_place_of_a_file_is_one_line(events: Path, tmp_path: Path) -> None:
    done = replay(events, tmp_path)
    assert done.exit_code == 1
    assert done.output == f"Error: cannot write {tmp_path}: it is a folder\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_the_right_to_write_is_one_line(events: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shut"
    folder.mkdir(mode=0o500)
    done = replay(events, folder / "out.jsonl")
    assert done.exit_code == 1
    assert done.output == (
        f"Error: cannot write {folder}/out.jsonl: the folder {folder} is not writable\n"
    )


def test_full_disk_is_one_line_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    with (
        pytest.raises(CannotWrite, match="No space left on device"),
        output_file(path),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        full.write(b"x")
    assert path.read_text() == "old"


def test_existing_file_keeps_its_permissions_and_links(tmp_path: Path) -> None:
    path, link = tmp_path / "out", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    with output_file(link) as out:
        out.write(b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640


def test_new_file_has_the_permissions_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with output_file(tmp_path / "out") as out:
            out.write(b"new")
        with output_file(tmp_path / "own", mode=0o600) as out:
            out.write(b"new")
    finally:
        os.umask(before)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "own").stat().st_mode & 0o777 == 0o600


def test_new_file_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with pytest.raises(FileExistsError, match="out exists"), output_file(path, is_new=True):
        path.write_text("another command was faster")
    assert path.read_text() == "another command was faster"
    with pytest.raises(FileExistsError, match="out exists"), output_file(path, is_new=True):
        pass
    assert names(tmp_path) == {"out"}


def test_device_is_written_directly() -> None:
    with output_file(Path("/dev/null")) as out:
        out.write(b"gone")
    assert Path("/dev/null").is_char_device()


def test_schemas_are_written_over_older_ones(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("old")
    assert CliRunner().invoke(main, ["schemas", str(tmp_path)]).exit_code == 0
    assert (tmp_path / "README.md").read_text().startswith("#")
    assert not list(tmp_path.rglob("*.part"))
