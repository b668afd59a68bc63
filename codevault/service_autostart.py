"""Texts by which systems start a service at login: a systemd user unit, a launchd agent, a task of Windows. Pure.

CodeVault writes them nowhere: they are the user's to look at and to put in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal
from xml.sax.saxutils import escape

from codevault.errors import InvalidArgument

System = Literal["systemd", "launchd", "windows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Autostart:
    """A file that makes a system start the service: where it goes, what it says, what to run once afterwards."""

    path: str
    text: str
    enable: tuple[str, ...]


def autostart_for(system: System, vault: PurePath, command: Sequence[str], name: str) -> Autostart:
    """The file for one system. `name` tells vaults apart, of letters, digits and hyphens; `command` runs the service.

    Raises:
        InvalidArgument: no such system, or a path that its file cannot hold.
    """
    if any(ord(character) < 32 for argument in command for character in argument):
        raise InvalidArgument("a path with control characters cannot stand in such a file")
    label = f"codevault-{name}"
    if system == "systemd":
        return Autostart(
            path=f"~/.config/systemd/user/{label}.service",
            text=_systemd(vault, command),
            enable=("systemctl", "--user", "enable", "--now", f"{label}.service"),
        )
    if system == "launchd":
        path = f"~/Library/LaunchAgents/{label}.plist"
        return Autostart(path=path, text=_launchd(label, command), enable=("launchctl", "load", "-w", path))
    if system == "windows":
        path = f"{label}.xml"
        return Autostart(path=path, text=_windows(command), enable=("schtasks", "/Create", "/TN", label, "/XML", path))
    raise InvalidArgument(f"autostart is for systemd, launchd or windows, not {system!r}")


def _systemd(vault: PurePath, command: Sequence[str]) -> str:
    # %% and $$: systemd would put something in their place (systemd.service(5), "Command lines").
    line = " ".join(f'"{_quoted(argument)}"' for argument in command)
    mount = str(vault).replace("\\", "\\\\").replace("%", "%%").replace('"', '\\"')
    return f"""\
[Unit]
Description=CodeVault: backs up projects while they are worked on
RequiresMountsFor="{mount}"

[Service]
ExecStart={line}
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=75
Nice=10
IOSchedulingClass=idle
CPUWeight=20
NoNewPrivileges=true
UMask=0077

[Install]
WantedBy=default.target
"""


def _quoted(argument: str) -> str:
    return argument.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")


def _launchd(label: str, command: Sequence[str]) -> str:
    lines = "\n".join(f"    <string>{escape(argument)}</string>" for argument in command)
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>{escape(label)}</string>
  <key>ProgramArguments</key>
  <array>
{lines}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ProcessType</key>
  <string>Background</string>
  <key>LowPriorityIO</key>
  <true/>
  <key>Nice</key>
  <integer>10</integer>
  <key>Umask</key>
  <integer>63</integer>
</dict>
</plist>
"""


def _windows(command: Sequence[str]) -> str:
    arguments = " ".join(f'"{argument}"' if " " in argument else argument for argument in command[1:])
    return f"""\
<?xml version="1.0"?>
<Task version="1.3" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>CodeVault: backs up projects while they are worked on</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
    </LogonTrigger>
  </Triggers>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>255</Count>
    </RestartOnFailure>
    <Priority>8</Priority>
  </Settings>
  <Actions>
    <Exec>
      <Command>{escape(command[0])}</Command>
      <Arguments>{escape(arguments)}</Arguments>
    </Exec>
  </Actions>
</Task>
"""
