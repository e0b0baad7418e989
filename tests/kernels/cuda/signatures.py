"""The types that kernels are launched with: what `ptx` compiles them for.

A word an argument.  f: a number of float32 or float64, both are compiled; s: float32 alone; i int64, j int32, u uint64, b bool.
A digit after it: an array of that many dimensions, with rows side by side, or with F columns, or with A of any strides.  (4): a
tuple.
"""

PERSISTENT = "s2 j1 i i(4)"  # exchange, meeting, units, shape

SIGNATURES = {
    "dense": {
        "_fill_rows": "f1 f2",
        "_sum_rows": "f2A f2",
        "_add_sums": "f2 f1",
        "_tanh_forward": "f2",
        "_tanh_backward": "f2 f2 f2",
    },
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
    "persistent": {"clear": "s2 j1"},
}
