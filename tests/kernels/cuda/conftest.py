import os

from tests.kernels.cuda.device import has_gpu

# tests/kernels/test_cuda.py runs these in processes of their own, one in the simulator, one on a GPU.
collect_ignore_glob = [] if os.environ.get("NUMBA_ENABLE_CUDASIM") == "1" or has_gpu() else ["test_*.py"]
