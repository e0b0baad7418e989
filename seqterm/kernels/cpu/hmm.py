"""Hidden Markov models: scaled forward and backward recursions, expected counts, the best path, and steps of a language model.

With a_t(k) the probability of state k given what is observed up to t, b_t(k) that of observation t in state k (Rabiner 1989):

  a_t = c_t b_t * (a_(t-1) A), a_0 = c_0 b_0 * initial         c_t makes each a_t sum to one; log-likelihood = -sum of log c_t
  beta_(t-1) = A v_t, v_t = c_t b_t * beta_t, beta_(T-1) = 1   gamma_t = a_t * beta_t   sum of xi_t = A * (sum of a_(t-1) v_t^T)

Observations are ids (N,), int32, below zero where nothing is known, with emission (V, K); or float64 (N, D), with emission
(2, D, K): means and variances of independent normal distributions.  T steps, K states; a transition is from row to column.

Any length is done in blocks that fit the cache.  What the way back needs of a block is computed anew when it gets there.
"""

import math

import numpy as np

from seqterm.kernels.cpu.compile import kernel, part
from seqterm.kernels.cpu.filters import draw_token
from seqterm.kernels.cpu.random import derive_key, uniform
from seqterm.kernels.cpu.rows import borrow

BLOCK = 1 << 15  # elements of a block of T rows of K
FEWEST = 64  # rows of a block
LOG_2_PI = math.log(2 * math.pi)


@part
def multiply(matrix, x, out):
    """Writes matrix (K, K) @ x (K,) to out (K,), four rows side by side, as sums of one wait for one another."""
    n = len(x)
    for i in range(0, n - 3, 4):
        a, b, c, d = matrix[i], matrix[i + 1], matrix[i + 2], matrix[i + 3]
        sum_a = sum_b = sum_c = sum_d = 0.0
        for j in range(n):
            sum_a += a[j] * x[j]
            sum_b += b[j] * x[j]
            sum_c += c[j] * x[j]
            sum_d += d[j] * x[j]
        out[i], out[i + 1], out[i + 2], out[i + 3] = sum_a, sum_b, sum_c, sum_d
    for i in range(n - n % 4, n):
        out[i] = dot(matrix[i], x)


@part
def dot(a, b):
    total = 0.0
    for j in range(len(a)):
        total += a[j] * b[j]
    return total


@part
def add_products(a, b, n, out):
    """Adds the sum over t < n of the outer products of a[t] and b[t] to out (K, K), four at a time."""
    size = out.shape[0]
    for t in range(0, n - 3, 4):
        b_0, b_1, b_2, b_3 = b[t], b[t + 1], b[t + 2], b[t + 3]
        for i in range(size):
            row, a_0, a_1, a_2, a_3 = out[i], a[t, i], a[t + 1, i], a[t + 2, i], a[t + 3, i]
            for j in range(size):
                row[j] += (a_0 * b_0[j] + a_1 * b_1[j]) + (a_2 * b_2[j] + a_3 * b_3[j])
    for t in range(n - n % 4, n):
        for i in range(size):
            row, factor, last = out[i], a[t, i], b[t]
            for j in range(size):
                row[j] += factor * last[j]


# What an observation says of its state


@part
def emission_rows(observations, first, n, emission, nothing, table):
    """Writes a row (K,) of emission for each of n ids, `nothing` where it is below zero; or log-densities, for numbers."""
    if observations.ndim == 1:
        for t in range(n):
            symbol, row = observations[first + t], table[t]
            source, known = emission[max(0, symbol)], symbol >= 0
            for k in range(len(row)):
                row[k] = source[k] if known else nothing
    else:
        size = table.shape[1]
        normaliser, halves = np.zeros(size), 0.5 / emission[1]
        for d in range(emission.shape[1]):
            for k in range(size):
                normaliser[k] -= 0.5 * (LOG_2_PI + math.log(emission[1, d, k]))
        for t in range(n):
            row = table[t]
            for k in range(size):
                row[k] = normaliser[k]
            for d in range(emission.shape[1]):
                x, mean, half = observations[first + t, d], emission[0, d], halves[d]
                for k in range(size):
                    row[k] -= (x - mean[k]) * (x - mean[k]) * half[k]


@part
def likelihoods(observations, first, n, emission, table):
    """Writes b_t to rows of table (n, K), densities divided by the row's largest; -> the sum of the logarithms of those."""
    emission_rows(observations, first, n, emission, 1.0, table)
    shift = 0.0
    if observations.ndim == 2:
        for t in range(n):
            row = table[t]
            top = row.max()
            shift += top
            for k in range(len(row)):
                row[k] = math.exp(row[k] - top)
    return shift


@part
def add_emissions(observations, first, n, gammas, emission, counts):
    """Adds gammas (n, K) to the rows of counts (V, K) that ids name; or to counts (3, D, K) occupancies and first and second
    moments about the means, which lose no digits where means are large."""
    if observations.ndim == 1:
        for t in range(n):
            row, gamma = counts[observations[first + t]], gammas[t]
            for k in range(len(row)):
                row[k] += gamma[k]
    else:
        for t in range(n):
            gamma = gammas[t]
            for d in range(emission.shape[1]):
                x, mean, zeroth, once, twice = (
                    observations[first + t, d],
                    emission[0, d],
                    counts[0, d],
                    counts[1, d],
                    counts[2, d],
                )
                for k in range(len(gamma)):
                    difference = x - mean[k]
                    zeroth[k] += gamma[k]
                    once[k] += gamma[k] * difference
                    twice[k] += gamma[k] * difference * difference


# Recursions


@part
def forward(begins, initial, transition_t, table, n, alphas, scales):
    """Writes a_t to alphas[t + 1] and c_t to scales (n,), of b_t in table (n, K); -> the log-likelihood.

    alphas[0]: a of the step before, made zeros where a sequence `begins`.  An observation that is impossible has a log-likelihood
    of -inf and says nothing of the state.
    """
    total = 0.0
    for t in range(n):
        row, b = alphas[t + 1], table[t]
        if begins and t == 0:
            for k in range(len(row)):
                alphas[0, k], row[k] = 0.0, initial[k]
        else:
            multiply(transition_t, alphas[t], row)
        mass = dot(row, b)
        if mass == 0.0:
            total = -np.inf
            for k in range(len(row)):
                b[k] = 1.0
            mass = dot(row, b)
        scale = 1.0 / mass
        for k in range(len(row)):
            row[k] *= b[k] * scale
        scales[t] = scale
        total += math.log(mass)
    return total


@part
def backward(transition, table, n, alphas, scales, beta, gammas):
    """Writes gamma_t to gammas (n, K) and v_t over b_t in table; carries beta (K,) from the last step to before the first."""
    for t in range(n - 1, -1, -1):
        row, alpha, gamma, scale = table[t], alphas[t + 1], gammas[t], scales[t]
        for k in range(len(beta)):
            gamma[k] = alpha[k] * beta[k]
            row[k] *= beta[k] * scale
        multiply(transition, row, beta)


@kernel
def expect(observations, bounds, model, counts):
    """Adds what is expected of sequences, observations[bounds[s] : bounds[s + 1]], under model (initial, transition,
    its transpose, emission) to counts: of first states (K,), of transitions (K, K), and of emissions as `add_emissions` has them.

    -> the log-likelihood of all.
    """
    n_states, longest = len(model[0]), (bounds[1:] - bounds[:-1]).max()
    length = max(FEWEST, BLOCK // n_states)
    rows = min(length, longest)
    blocks = np.empty((rows, n_states)), np.empty((rows, n_states)), np.empty((rows + 1, n_states)), np.empty(rows)
    carried = np.zeros((longest // length + 2, n_states)), np.empty(n_states)
    products = np.zeros((n_states, n_states))
    total = _expect(observations, bounds, model, counts, length, blocks, carried, products)
    transition_counts, transition = counts[1], model[1]
    for i in range(n_states):
        for j in range(n_states):
            transition_counts[i, j] += transition[i, j] * products[i, j]
    return total


@part
def _expect(observations, bounds, model, counts, length, blocks, carried, products):
    observations, products = borrow(observations), borrow(products)
    initial, transition, transition_t, emission = borrow(model)
    initial_counts, _, emission_counts = borrow(counts)
    table, gammas, alphas, scales = borrow(blocks)
    before, beta = borrow(carried)
    total = 0.0
    for s in range(len(bounds) - 1):
        begin, end = bounds[s], bounds[s + 1]
        n_blocks = -(-(end - begin) // length)
        for visit in range(2 * n_blocks - 1):  # to the last block and back again
            block = min(visit, 2 * n_blocks - 2 - visit)
            first = begin + block * length
            n = min(length, end - first)
            copy_row(before[block], alphas[0])
            found = likelihoods(observations, first, n, emission, table)
            found += forward(block == 0, initial, transition_t, table, n, alphas, scales)
            if visit < n_blocks:
                total += found
                copy_row(alphas[n], before[block + 1])
            if visit >= n_blocks - 1:
                if visit == n_blocks - 1:
                    beta[:] = 1.0
                backward(transition, table, n, alphas, scales, beta, gammas)
                add_products(alphas, table, n, products)
                add_emissions(observations, first, n, gammas, emission, emission_counts)
        if n_blocks:
            for k in range(len(initial)):
                initial_counts[k] += gammas[0, k]
    return total


@part
def copy_row(source, out):
    for k in range(len(out)):
        out[k] = source[k]


@kernel
def posteriors(observations, model, filtered, smoothed):
    """Writes the probabilities of the states of one sequence given what is observed so far, and given all, each (T, K);
    -> its log-likelihood."""
    n, n_states = filtered.shape
    table, alphas, scales = np.empty((n, n_states)), np.empty((n + 1, n_states)), np.empty(n)
    initial, transition, transition_t, emission = borrow(model)
    total = likelihoods(observations, 0, n, emission, table)
    total += forward(True, initial, transition_t, table, n, alphas, scales)
    filtered[:] = alphas[1:]
    backward(transition, table, n, alphas, scales, np.ones(n_states), smoothed)
    return total


@kernel
def viterbi(observations, log_model, path):
    """Writes the most probable states of one sequence to path (T,); -> the logarithm of their probability with it.

    log_model: the logarithms of initial and of transition; of emission for ids, emission as it is for numbers.  Of equally
    good states the first.
    """
    n, n_states = len(path), len(log_model[0])
    table, best = np.empty((n, n_states)), np.empty((2, n_states))
    came_from = np.empty((n, n_states), np.uint16)
    log_initial, log_transition, log_emission = borrow(log_model)
    emission_rows(observations, 0, n, log_emission, 0.0, table)
    for j in range(n_states):
        best[0, j] = log_initial[j] + table[0, j]
    for t in range(1, n):
        row, new, origin, b = best[(t - 1) % 2], best[t % 2], came_from[t], table[t]
        for j in range(n_states):
            new[j], origin[j] = row[0] + log_transition[0, j], 0
        for i in range(1, n_states):
            before, step = row[i], log_transition[i]
            for j in range(n_states):
                candidate = before + step[j]
                is_better = candidate > new[j]
                new[j] = candidate if is_better else new[j]
                origin[j] = i if is_better else origin[j]
        for j in range(n_states):
            new[j] += b[j]
    last = best[(n - 1) % 2]
    path[n - 1] = np.argmax(last)
    for t in range(n - 1, 0, -1):
        path[t - 1] = came_from[t, path[t]]
    return last[path[n - 1]]


# A language model: state (K,) is the distribution of the hidden state that gives the next token


@part
def read(token, start, model, state, filtered):
    """Carries state (K,) over a token; a start mark begins a sequence, a token that is impossible says nothing.

    filtered (K,): room to work in.
    """
    initial, _, transition_t, emission = model
    if token == start:
        copy_row(initial, state)
        return
    row = emission[token]
    mass = dot(state, row)
    for k in range(len(state)):
        filtered[k] = state[k] if mass == 0.0 else state[k] * row[k] / mass
    multiply(transition_t, filtered, state)


@kernel
def score(ids, targets, start, model, state, log_p):
    """Reads ids (T, n), carrying state (n, K) on in place; writes log_p (T, n) of targets (T, n), 0 where one is below zero."""
    filtered = np.empty(len(model[0]))
    model, state = borrow(model), borrow(state)
    for row in range(ids.shape[1]):
        for t in range(ids.shape[0]):
            read(ids[t, row], start, model, state[row], filtered)
            target = targets[t, row]
            log_p[t, row] = math.log(dot(state[row], model[3][target])) if target >= 0 else 0.0


@part
def distribution(state, emission, log_p):
    """Writes log_p (V,) of what comes next."""
    for token in range(len(log_p)):
        log_p[token] = math.log(dot(state, emission[token]))


@kernel
def next_distributions(model, state, log_p):
    """state (n, K) -> writes log_p (n, V)."""
    emission = borrow(model)[3]
    for row in range(len(state)):
        distribution(state[row], emission, log_p[row])


@kernel
def draw(
    start, model, state, log_p, seen, banned,
    greedy, temperature, top_k, top_p, min_p, penalty, equal_weights, key, first_position, out, chosen,
):  # fmt: skip
    """Draws out.shape[0] tokens a row, as the recurrent models' draw.  state (n, K), log_p and seen (n, V) are carried on in
    place; writes the tokens to out (count, n), and the model's own log-probabilities of them to chosen (count, n)."""
    filtered = np.empty(len(model[0]))
    model = borrow(model)
    for row in range(len(state)):
        row_key = derive_key(key, row)
        for i in range(out.shape[0]):
            u = uniform(row_key, first_position + i)
            token = draw_token(log_p[row], seen[row], banned, greedy, temperature, top_k, top_p, min_p, penalty, equal_weights, u)
            seen[row, token] = True
            out[i, row], chosen[i, row] = token, log_p[row, token]
            read(token, start, model, state[row], filtered)
            distribution(state[row], model[3], log_p[row])
