"""Checks the #include lines of src/ against the allowed directions between folders."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent / "src"

# folder -> folders it may include (besides itself)
ALLOWED = {
    "base": set(),
    "domain": {"base"},
    "ports": {"domain", "base"},
    "crypto": {"base"},
    "formats": {"crypto", "base"},
    "net": {"base"},
    "ops": {"base"},
    "store/spool": {"ports", "crypto", "base"},
    "store/common": {"ports", "domain", "crypto", "base"},
    "store/sqlite": {"ports", "domain", "store/common", "store/spool", "crypto", "base"},
    "store/postgres": {"ports", "domain", "store/common", "store/spool", "crypto", "base"},
    "store/contract": {"ports", "domain", "store/spool", "crypto", "base"},
    "lookup": {"ports", "domain", "net", "crypto", "ops", "base"},
    "flow": {"ports", "domain", "base"},
    "transports": {"ports", "domain", "lookup", "formats", "net", "crypto", "ops", "base"},
    "api": {"flow", "formats", "net", "ops", "ports", "domain", "base"},
    "sim": {"net", "crypto", "formats", "domain", "base"},
    "app": None,  # wiring: everything
}
# A test may also use what it needs to set the stage.
TEST_EXTRA = {"net", "crypto", "formats", "domain", "base", "sim", "store/spool", "store/sqlite", "store/postgres", "store/contract"}
# The one door to third-party headers that must not spread.
GUARDED = {
    r"boost/(beast|asio)/": {"net", "app"},
    r"curl/": {"net"},
    r"amqp(_\w+)?\.h": {"net"},
    r"proton/": {"net"},
    r"libxml/": {"formats"},
    r"archive(_entry)?\.h": {"formats"},
    r"openssl/": {"crypto", "net"},
    r"sqlite3\.h": {"store/sqlite"},
    r"libpq-fe\.h": {"store/postgres"},
}


def folder_of(path):
    parts = path.split("/")
    if parts[0] == "store" and len(parts) > 2:
        return "/".join(parts[:2])
    return parts[0]


def service_of(path):
    parts = path.split("/")
    return parts[1] if parts[0] == "transports" and len(parts) > 2 else None


def main():
    problems = []
    count = 0
    for file in sorted(ROOT.rglob("*.[ch]pp")):
        name = file.relative_to(ROOT).as_posix()
        folder = folder_of(name)
        allowed = ALLOWED.get(folder, set())
        is_test = any(mark in file.name for mark in ("_test", "_fuzz", "testing", "_samples"))
        for number, line in enumerate(file.read_text().splitlines(), 1):
            own = re.match(r'#include "([^"]+)"', line)
            system = re.match(r"#include <([^>]+)>", line)
            count += bool(own or system)
            if own:
                target = folder_of(own.group(1))
                if own.group(1) == "base/testing.hpp" and not is_test and folder != "store/contract":
                    problems.append(f"{name}:{number}: product code includes a test helper")
                if service_of(name) and service_of(own.group(1)) not in (None, service_of(name)):
                    problems.append(f"{name}:{number}: one message service includes another")
                if target == folder or allowed is None:
                    continue
                if target not in allowed and not (is_test and target in TEST_EXTRA):
                    problems.append(f"{name}:{number}: {folder} may not include {target}")
            if system:
                for pattern, homes in GUARDED.items():
                    if re.match(pattern, system.group(1)) and folder not in homes and not is_test:
                        problems.append(f"{name}:{number}: <{system.group(1)}> belongs to {', '.join(sorted(homes))}")
            if re.search(r"transport_?(\.|->)acknowledge\(", line) and not is_test:
                if "channel_guard" not in name:
                    problems.append(f"{name}:{number}: only the channel guard acknowledges")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"includes: {count} lines, {len(problems)} problem(s)")
    return 1 if problems else 0


sys.exit(main())
