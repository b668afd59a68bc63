import plistlib
import shlex
import shutil
import subprocess
from pathlib import Path, PurePosixPath, PureWindowsPath
from xml.etree import ElementTree as ET

import pytest

from codevault.errors import InvalidArgument
from codevault.service_autostart import autostart_for

ODD = PurePosixPath('/home/me/my "vault" & 100% $HOME')
COMMAND = ("/usr/bin/python3", "-I", "-m", "codevault.service_process", str(ODD))


def test_a_systemd_unit_quotes_what_systemd_would_expand() -> None:
    made = autostart_for("systemd", ODD, COMMAND, "1a2b")
    (line,) = [line for line in made.text.splitlines() if line.startswith("ExecStart=")]

    assert made.path == "~/.config/systemd/user/codevault-1a2b.service"
    words = shlex.split(line.removeprefix("ExecStart="))
    assert [word.replace("%%", "%").replace("$$", "$") for word in words] == list(COMMAND)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_itself_accepts_the_unit(tmp_path: Path) -> None:
    made = autostart_for("systemd", tmp_path, ("/bin/true", "a b"), "1a2b")
    unit = tmp_path / "codevault-1a2b.service"
    unit.write_text(made.text)
    done = subprocess.run(["systemd-analyze", "verify", "--user", str(unit)], capture_output=True, text=True)

    assert "codevault" not in done.stderr


def test_a_launchd_agent_is_a_property_list_that_is_begun_again_when_it_fails() -> None:
    found = plistlib.loads(autostart_for("launchd", ODD, COMMAND, "1a2b").text.encode())

    assert (found["ProgramArguments"], found["KeepAlive"]) == (list(COMMAND), {"SuccessfulExit": False})
    assert (found["RunAtLoad"], found["Umask"]) == (True, 0o077)


def test_a_windows_task_starts_at_logon_and_on_battery() -> None:
    command = (r"C:\Program Files\Python\python.exe", "-I", "-m", "codevault.service_process", r"D:\my vault & more")
    made = autostart_for("windows", PureWindowsPath(command[-1]), command, "1a2b")
    task = ET.fromstring(made.text)  # our own text
    space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"

    assert task.findtext(f".//{space}Command") == command[0]
    assert task.findtext(f".//{space}Arguments") == r'-I -m codevault.service_process "D:\my vault & more"'
    assert task.findtext(f".//{space}DisallowStartIfOnBatteries") == "false"


def test_what_cannot_be_written_down_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="control"):
        autostart_for("systemd", ODD, ("python", "a\nExecStart=evil"), "1a2b")
    with pytest.raises(InvalidArgument, match="not 'cron'"):
        autostart_for("cron", ODD, COMMAND, "1a2b")  # type: ignore[arg-type]  # that is the point
