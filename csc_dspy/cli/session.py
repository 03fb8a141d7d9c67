"""What holds for one run of the program, whatever the command."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from click.core import ParameterSource

if TYPE_CHECKING:
    import click

    from csc_dspy.cli.config import Settings

_WEAKEST_FIRST: Final = (
    ParameterSource.DEFAULT,
    ParameterSource.DEFAULT_MAP,
    ParameterSource.ENVIRONMENT,
    ParameterSource.COMMANDLINE,
)


@dataclass
class Session:
    """What the global options say, wherever they stand, and what the settings file says."""

    _values: dict[str, tuple[int, object]] = field(default_factory=dict)
    _settings: Settings | None = None
    _settings_read: bool = False
    logging_on: bool = False

    def settle(self, name: str, value: object, source: ParameterSource) -> None:
        """Keep the value of a global option unless it has one from a stronger source."""
        strength = _WEAKEST_FIRST.index(source)
        if strength >= self._strength(name):
            self._values[name] = (strength, value)

    def _strength(self, name: str) -> int:
        return self._values[name][0] if name in self._values else 0

    def _value(self, name: str) -> object:
        return self._values[name][1] if name in self._values else None

    def _path(self, name: str) -> Path | None:
        path = self._value(name)
        return path if isinstance(path, Path) else None

    @property
    def quiet(self) -> bool:
        """Whether to say nothing but errors; against ``-v`` from a stronger source it does not count."""
        return bool(self._value("quiet")) and self._strength("quiet") >= self._strength("verbose")

    @property
    def verbosity(self) -> int:
        """How many ``-v``, or -1 for quiet."""
        if self.quiet:
            return -1
        count = self._value("verbose")
        return count if isinstance(count, int) else 0

    @property
    def log_file(self) -> Path | None:
        """Where every log message goes besides stderr."""
        return self._path("log_file")

    @property
    def log_content(self) -> bool:
        """Whether log messages may show customer text."""
        return bool(self._value("log_content"))

    def settings(self, app: click.Command) -> Settings | None:
        """The settings file, read and checked against the options of ``app`` when first asked for."""
        if not self._settings_read:
            from csc_dspy.cli.config import read_settings

            self._settings = read_settings(self._path("config"), app)
            self._settings_read = True
        return self._settings

    def start_logging(self) -> None:
        """Turn the log on as the global options say."""
        from csc_dspy import logs

        logs.configure(self.verbosity, self.log_file, log_content=self.log_content)
        self.logging_on = True
