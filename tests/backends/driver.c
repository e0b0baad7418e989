/* A driver of NVIDIA's as far as seqterm asks it.  Given when it is compiled: CUDA_VERSION, GPUS, below zero the error with which it
   does not start, and MAJOR of the compute capability. */
#include <stddef.h>
#include <string.h>

int cuInit(unsigned flags) { return GPUS < 0 ? -(GPUS) : 0; }
int cuDriverGetVersion(int *version) { *version = CUDA_VERSION; return 0; }
int cuDeviceGetCount(int *count) { *count = GPUS; return GPUS < 0 ? 3 : 0; }
int cuDeviceGet(int *device, int number) { *device = number; return 0; }
int cuDeviceGetName(char *name, int length, int device) { strncpy(name, "Some GPU", length); return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = 24000000000; return 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) { *value = attribute == 75 ? MAJOR : 0; return 0; }
