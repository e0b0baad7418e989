/* What stands around a kernel's `step`: see machine.py.  REGISTERS and STEP are defined before. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct Grid { const uint64_t *arguments; int threads, blocks, own_shared, shared; };
struct Block { int block; char *shared, *own_shared, *shared_end; };
enum { RUNS, MEETS, LOOKS, LEFT, FAULT };

static char fault[256];
static const uint64_t *firsts, *ends;
static long n_places;

static const char *name_fault(const char *what, int line) {
    snprintf(fault, sizeof fault, "%s (line %d)", what, line);
    return fault;
}

static int is_inside(uint64_t address, int size) {
    static _Thread_local long last;
    if (last < n_places && address >= firsts[last] && address + size <= ends[last]) return 1;
    long low = 0, high = n_places;
    while (low < high) {
        long middle = (low + high) / 2;
        if (firsts[middle] <= address) low = middle + 1; else high = middle;
    }
    last = low ? low - 1 : 0;
    return low && address + size <= ends[low - 1];
}

#define AT(address, size, in_shared) ({ \
    uint64_t a = (address); \
    char *place = (char *)a; \
    if (a % (size)) return name_fault("not aligned", __LINE__), FAULT; \
    if (!(place >= b->own_shared && place + (size) <= b->shared_end) && ((in_shared) || !is_inside(a, size))) \
        return name_fault("out of bounds", __LINE__), FAULT; \
    place; })
#define COPY(target, source) ({ __typeof__(source) s = (source); memcpy(&(target), &s, sizeof(target)); })
#define PARAMETER(target, type, slot) ({ type v; memcpy(&v, &(slot), sizeof v); (target) = v; })

static inline float float_of(uint32_t bits) { float x; memcpy(&x, &bits, 4); return x; }
static inline double double_of(uint64_t bits) { double x; memcpy(&x, &bits, 8); return x; }

/* div.approx.f32: a large divisor gives zero, of infinity NaN. */
static inline float quick_ratio(float a, float b) {
    if (fabsf(b) > 0x1p126f && fabsf(b) <= 0x1.fffffep127f) return isinf(a) ? NAN : copysignf(0, a) * copysignf(1, b);
    return a / b;
}

/* rcp.approx.ftz.f64: the upper half of the bits. */
static inline double quick_inverse(double x) {
    double y = 1 / x;
    uint64_t bits;
    memcpy(&bits, &y, 8);
    return double_of(isnan(y) ? bits : bits & 0xffffffff00000000ull);
}

#include KERNEL

static int chance(uint64_t *random, int n) {
    *random = *random * 6364136223846793005ull + 1442695040888963407ull;
    return (*random >> 33) % n == 0;
}

static void shuffle(int *order, int n, uint64_t *random) {
    for (int i = 0; i < n; i++) order[i] = i;
    for (int i = n - 1; i > 0; i--) {
        chance(random, 1);
        int j = (*random >> 33) % (i + 1), other = order[i];
        order[i] = order[j];
        order[j] = other;
    }
}

/* Lets a block's threads go on from a barrier that all have come to; FAULT where some have left instead. */
static int meet(char *state, int waiting, int left, int threads) {
    if (waiting && waiting + left == threads) {
        if (left) return name_fault("some threads are at a barrier, others have left", 0), FAULT;
        memset(state, RUNS, threads);
        return 1;
    }
    return 0;
}

/* Runs n blocks side by side to their end, from block `first` on: all their threads in turn, each from time to time left out. */
static int run_blocks(const struct Grid *g, int first, int n, uint64_t *random) {
    int n_threads = n * g->threads, living = n_threads, idle = 0, result = RUNS;
    size_t room = (g->own_shared + g->shared + 255) / 256 * 256;
    char *memory = aligned_alloc(256, n * room + 256), *state = calloc(n, g->threads);
    struct Thread *threads = malloc(n_threads * sizeof *threads);
    struct Block *blocks = malloc(n * sizeof *blocks);
    int *order = malloc(n_threads * sizeof(int)), *waiting = calloc(n, sizeof(int)), *left = calloc(n, sizeof(int));
    memset(memory, 0xFF, n * room);
    memset(threads, 0xFF, n_threads * sizeof *threads);
    for (int i = 0; i < n; i++)
        blocks[i] = (struct Block){first + i, memory + i * room + g->own_shared, memory + i * room,
                                   memory + i * room + g->own_shared + g->shared};
    for (int i = 0; i < n_threads; i++) threads[i].at = 0, threads[i].thread = i % g->threads;
    while (living && result != FAULT) {
        int moved = 0;
        shuffle(order, n_threads, random);
        for (int k = 0; k < n_threads && result != FAULT; k++) {
            int i = order[k], block = i / g->threads;
            if (state[i] != RUNS || (idle == 0 && chance(random, 4))) continue;
            result = step(threads + i, blocks + block, g);
            moved += result != LOOKS;
            if (result == MEETS) state[i] = MEETS, waiting[block]++;
            if (result == LEFT) state[i] = LEFT, left[block]++, living--;
        }
        for (int block = 0; block < n && result != FAULT; block++) {
            result = meet(state + block * g->threads, waiting[block], left[block], g->threads);
            if (result == 1) waiting[block] = 0, moved++;
        }
        idle = moved ? 0 : idle + 1;
        if (idle > 2) result = (name_fault("all threads wait for one another", 0), FAULT);
    }
    free(memory), free(threads), free(state), free(blocks), free(order), free(waiting), free(left);
    return result;
}

const char *run(
    const uint64_t *arguments, int n_blocks, int n_threads, int own_shared, int shared, int together, uint64_t seed,
    const uint64_t *places, const uint64_t *places_ends, long n) {
    struct Grid grid = {arguments, n_threads, n_blocks, own_shared, shared};
    int order[together ? 1 : n_blocks];
    firsts = places, ends = places_ends, n_places = n;
    if (together) return run_blocks(&grid, 0, n_blocks, &seed) == FAULT ? fault : 0;
    shuffle(order, n_blocks, &seed);
    for (int i = 0; i < n_blocks; i++) if (run_blocks(&grid, order[i], 1, &seed) == FAULT) return fault;
    return 0;
}
