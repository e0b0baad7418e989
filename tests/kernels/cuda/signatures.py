"""The types that kernels are launched with: what `ptx` compiles them for.

A word an argument.  f: a number of float32 or float64, both are compiled; s: float32 alone, d: float64 alone; i int64, j int32,
k int8, u uint64, v uint32, b bool.
A digit after it: an array of that many dimensions, with rows side by side, or with F columns, or with A of any strides.  (4): a
tuple.
"""

PERSISTENT = "s2 j1 i i(4)"  # exchange, meeting, units, shape
TRIE = "j1 s1 s1 v1 v1 i i"

SIGNATURES = {
    "arrays": {
        "_fill_1": "f1 f",
        "_copy_1": "f1A f1A",
        "_copy_2": "f2A f2A",
        "_copy_3": "f3A f3A",
        "_copy_4": "f4A f4A",
    },
    "dense": {
        "_fill_rows": "f1 f2",
        "_sum_rows": "f2A f2",
        "_add_sums": "f2 f1",
        "_activation_forward": "f2 b",
        "_activation_backward": "f2A f2 b f2",
    },
    "dropout": {"_dropout": "f3 i f i i f3"},
    "elman": {
        "_step_forward": "i f3 b i1 f3",
        "_step_backward": "i f3 f3 b i1 b1 f3 f2",
        "_sequence_forward": f"s2 s3 b i1 s3 {PERSISTENT}",
        "_sequence_backward": f"s2F s3 s3 b i1 b1 s3 s2 {PERSISTENT}",
    },
    "embedding": {
        "_forward": "i1 f2 f2",
        "_add": "i1 f2 f2",
        "_backward": "i1 f2 f2",
        "_add_bias": "f1 f2",
    },
    "generate": {"_run": "b b d(7) i i f1 f1 f1 i2 f1 f1 f1 f1 f2 f2 b2 b1 i2 f2 i(4) i j1"},
    "gru": {
        "_after_step_forward": "i f2 f3 b i1 f3 f3",
        "_after_step_backward": "i f3 f3 f3 f3 b i1 b1 f3 f2",
        "_gates_step_forward": "i f3 f3 f3",
        "_candidate_step_forward": "i f3 b i1 f3",
        "_candidate_step_backward": "i f3 f3 f3 b i1 b1 f2 f2",
        "_gates_step_backward": "i f2 f2 f3 f3 i1 f2",
        "_after_forward": f"s2 s1 s3 b i1 s3 s3 {PERSISTENT}",
        "_after_backward": f"s2F s3 s3 s3 s3 b i1 b1 s3 s2 s3 {PERSISTENT}",
        "_before_forward": f"s2A s2A s3 b i1 s3 s3 {PERSISTENT} i(4)",
        "_before_backward": f"s2A s2A s3 s3 s3 b i1 b1 s2 s2 {PERSISTENT} i(4)",
    },
    "lstm": {
        "_step_forward": "i f3 i1 f3 f3",
        "_step_backward": "i f3 f3 f3 i1 b1 f2 f2",
        "_sequence_forward": f"s2 s3 i1 s3 s3 {PERSISTENT}",
        "_sequence_backward": f"s2F s3 s3 s3 i1 b1 s2 s2 s3 {PERSISTENT}",
    },
    "ngram": {
        "_first_nodes": "s1 j1 i1 s1 k1",
        "_blank_starts": "i1 s1 k1",
        "_longer_nodes": f"{TRIE} i i j1 i1 i1 i1 s1 k1",
        "_score": f"{TRIE} i2 i2 i2 i2 s2",
    },
    "optimiser": {
        "_add_slice": "f1 f1",
        "_squared_norm": "f1 d1",
        "_sgd": "f1 f1 f f f",
        "_momentum_sgd": "f1 f1 f1 f f f f",
        "_adagrad": "f1 f1 f1 f f f f",
        "_rmsprop": "f1 f1 f1 f f f f f f",
        "_adam": "f1 f1 f1 f1 f f f(8)",
    },
    "output": {"_loss": "f2 f1 i1 f b f1 i"},
    "persistent": {"clear": "s2 j1"},
    "softmax": {"_log_softmax": "f2 f1 f2 i"},
    "word2vec": {"_train": "j1 i i i i i i(5) v1 u1 i1 j1 k1 i1 j1 f2 f2 d d j2 d1 i1"},
}
