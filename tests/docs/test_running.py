"""Every page can be followed: its blocks run, in order, on a real Kafka."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.installation import Installation, installed
from tests.docs.pages import (
    ROOT,
    Page,
    pages,
)
from tests.docs.running import (
    Failed,
    missing,
    run,
    runnable,
)

FOLLOWED = [page for page in pages() if runnable(page)]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation for all pages: each reader finds what others have left there."""
    with installed(tmp_path_factory.mktemp("logs")) as running:
        yield running


@pytest.mark.parametrize("page", FOLLOWED, ids=lambda page: page.name)
def test_page_can_be_followed(page: Page, installation: Installation, tmp_path: Path) -> None:
    if lacking := missing(page):
        pytest.skip(f"{', '.join(lacking)} not on the path: {page.name} was not followed")
    run(page, installation, tmp_path)


def made(text: str) -> Page:
    return Page(text, ROOT / "docs" / "made.md")


def test_blocks_share_a_folder_a_shell_and_the_addresses(
    installation: Installation, tmp_path: Path
) -> None:
    page = made(
        "```sh\nexport GREETING=hello\ncurl -fsS localhost:8080/readyz\n```\n"
        '```python\nimport os\n\nopen("said", "w").write(os.environ["GREETING"])\n```\n'
        "```sql\ncreate table a as select 41 as b\n```\n```sql\nselect b + 1 from a\n```\n"
        "```sh\ngrep hello said\nsales-kpis status --wait\n```\n"
    )
    output = run(page, installation, tmp_path)
    assert "hello" in output
    assert "42" in output
    assert "settled" in output


def test_block_that_fails_is_named_with_its_output(
    installation: Installation, tmp_path: Path
) -> None:
    page = made("```sh\ntrue\n```\n\n```sh\necho 'as far as here'\nfalse\ntrue\n```\n")
    with pytest.raises(Failed, match=r"status 1:\n(.*\n)*--- docs/made.md:5 .*\nas far as here"):
        run(page, installation, tmp_path)


def test_page_that_does_not_end_is_ended_with_all_that_it_started(
    installation: Installation, tmp_path: Path
) -> None:
    page = made("```sh\nsleep 60 &\necho $! >process\nwait\n```\n")
    with pytest.raises(Failed, match=r"took more than 1 s"):
        run(page, installation, tmp_path, seconds=1)
    process = int((tmp_path / "work" / "process").read_text())
    deadline = time.monotonic() + 10
    while is_running(process):
        assert time.monotonic() < deadline
        time.sleep(0.01)  # it has been killed, and is about to end


def is_running(process: int) -> bool:
    """Whether there is such a process, by /proc; one that has ended and was not reaped is none."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
