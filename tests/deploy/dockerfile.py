"""Reading a Dockerfile into stages of instructions, as far as the tests ask."""

import json
import shlex
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path


@dataclass
class Stage:
    image: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, keyword: str) -> list[str]:
        return [rest for word, rest in self.instructions if word == keyword]

    def last(self, keyword: str) -> str:
        return self.all(keyword)[-1]

    def words(self, keyword: str) -> list[str]:
        """The last instruction of this kind in its exec form."""
        words: list[str] = json.loads(self.last(keyword).partition("CMD ")[2] or self.last(keyword))
        return words

    def copied(self) -> list[str]:
        """What is copied from the build context, not from another stage."""
        return [
            source
            for rest in self.all("COPY")
            if "--from=" not in rest
            for source in shlex.split(rest)[:-1]
            if not source.startswith("--")
        ]


def stages_of(dockerfile: Path) -> list[Stage]:
    stages: list[Stage] = []
    for line in _logical_lines(dockerfile):
        keyword, _, rest = line.partition(" ")
        if keyword == "FROM":
            stages.append(Stage(rest.split()[0]))
        else:
            stages[-1].instructions.append((keyword, rest.strip()))
    return stages


def _logical_lines(dockerfile: Path) -> list[str]:
    lines = [line for line in dockerfile.read_text().splitlines() if line and not line.startswith("#")]
    return "\n".join(lines).replace("\\\n", " ").splitlines()


def reaches_the_build(path: str, ignore_file: Path) -> bool:
    """Whether .dockerignore lets a file through; as in Docker the last rule that matches decides."""
    allowed = True
    for rule in ignore_file.read_text().splitlines():
        pattern = rule.removeprefix("!").removeprefix("**/")
        if rule and not rule.startswith("#") and (fnmatch(path, pattern) or path.startswith(f"{pattern}/")):
            allowed = rule.startswith("!")
    return allowed
