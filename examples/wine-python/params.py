"""The params file, as far as it is needed here: nested maps of numbers and booleans, two spaces a level."""


def read(section):
    values, path = {}, []
    for line in open("params.yaml"):
        if not line.strip():
            continue
        depth = (len(line) - len(line.lstrip())) // 2
        name, _, value = line.strip().partition(":")
        path = path[:depth] + [name]
        if value.strip():
            values[".".join(path)] = {"true": True, "false": False}.get(value.strip(), value.strip())
    prefix = section + "."
    return {k[len(prefix) :]: number(v) for k, v in values.items() if k.startswith(prefix)}


def number(value):
    if isinstance(value, bool):
        return value
    return float(value) if "." in value else int(value)
