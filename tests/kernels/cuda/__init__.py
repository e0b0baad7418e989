"""CUDA kernels beside their twins: collected in the simulator (NUMBA_ENABLE_CUDASIM=1) or where there is a GPU."""
