"""A batch engine's stand-in: reads its questions, solves y = f(x), writes results; argument four is what goes wrong."""

import os
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

model, asked, told, fault = sys.argv[1:]
if not Path(model).exists():
    sys.exit("no model")
question = ElementTree.parse(asked)  # noqa: S314 - it is ours
inputs = {each.get("name"): float(each.get("value")) for each in question.iter("input")}
wanted = [each.get("name") for each in question.iter("output")]
if fault == "hangs":
    time.sleep(600)
if fault == "crashes":
    os.abort()
if fault == "licence":
    sys.exit("No license for this process is available")
if fault == "garbage":
    Path(told).write_text("<results>")
    sys.exit(0)
root = ElementTree.Element("results")
if fault == "diverges" or inputs["Temperature"] > 99.0:
    ElementTree.SubElement(root, "message").text = "Initialisation has failed"
else:
    share = 0.001 * inputs["Temperature"] + 1e-6 * inputs["FeedB"]
    values = {"ShareP": share, "ShareE": 3.0 * share}
    for name in wanted:
        if fault != "leaves-out" or name == "ShareP":
            ElementTree.SubElement(root, "output", name=name, value=repr(values[name]))
Path(told).write_bytes(ElementTree.tostring(root))
sys.exit(1 if len(root) and root[0].tag == "message" else 0)
