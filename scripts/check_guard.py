"""Proves that the channel guard is the only code that acknowledges anything at a remote service (channels.md): in src/,
nothing but flow/channel_guard.cpp calls a transport's acknowledge(), and in each transport only acknowledge() calls what
confirms, marks or completes at the service."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent / "src"

# folder of a service -> the calls that take something away from everybody else at the remote end
REMOTE_EFFECTS = {
    "dpo": [r"\bbroker_\.confirm\("],
    "dpi": [r"\baccess_point_\.mark_read\("],
    "dpf": [r"\bclient_\.acknowledge\(", r"\bclient_\.report_failure\(", r"\bsvarinn_->(acknowledge|refuse)\("],
    "dpe": [r"\binbox_\.acknowledge\(", r"\blocked_\.complete\("],
    "dpfio": [r"\binbox_\.acknowledge\(", r"\breader\.acknowledge\(", r"\bconnection_->(acknowledge|reject)\("],
    "dpv": [],
}
# What the two patterns of addresses look like in the clients themselves; nobody else may speak them.
REMOTE_ADDRESSES = {
    r"/confirmdownload": {"transports/dpo/broker_client.cpp"},
    r'"/read"': {"transports/dpi/access_point.cpp"},
    r"/(kvitterMottak|mottakFeilet)/": {"transports/dpf/svarinn_client.cpp"},
    r"update-disposition": {"transports/dpe/amqp_forms.cpp"},
    r"Amqp10Outcome::(accepted|rejected)": {
        "transports/dpe/amqp_reader.cpp", "net/amqp10_engine.cpp"
    },
}
DEFINITION = re.compile(r"^\S.*\b(\w+)::(\w+)\(", re.MULTILINE)


def functions(text):
    """Name and text of each function defined at the margin."""
    starts = [(match.start(), match.group(2)) for match in DEFINITION.finditer(text)]
    for at, (start, name) in enumerate(starts):
        end = starts[at + 1][0] if at + 1 < len(starts) else len(text)
        yield name, text[start:end]


def main():
    problems = []
    services = {path.name for path in (ROOT / "transports").iterdir() if path.is_dir()}
    for missing in sorted(services - REMOTE_EFFECTS.keys()):
        problems.append(f"{missing}: name its remote effects in scripts/check_guard.py")
    for file in sorted(ROOT.rglob("*.[ch]pp")):
        name = file.relative_to(ROOT).as_posix()
        if name.endswith(("_test.cpp", "_testing.hpp", "_fuzz.cpp")) or name.startswith("sim/"):
            continue
        text = file.read_text()
        if name != "flow/channel_guard.cpp" and re.search(r"(transport_?|\*transport)(\.|->)(acknowledge|refuse)\(", text):
            problems.append(f"{name}: acknowledges or refuses at a service; only flow/channel_guard.cpp may")
        for pattern, allowed in REMOTE_ADDRESSES.items():
            if name not in allowed and re.search(pattern, text):
                problems.append(f"{name}: knows the address {pattern}; only {', '.join(sorted(allowed))} may")
        for service, patterns in REMOTE_EFFECTS.items():
            if not name.startswith(f"transports/{service}/"):
                continue
            for function, body in functions(text):
                for pattern in patterns:
                    if function not in ("acknowledge", "refuse") and re.search(pattern, body):
                        problems.append(f"{name}: {function}() has a remote effect ({pattern}); only acknowledge() may")
    for problem in problems:
        print(problem)
    print(f"guard: {len(services)} service(s), {len(problems)} problem(s)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
