"""From a clean frame to the poor one it might have been: the second-order degradation.

Read in this order: `config` (the knobs), `params` (one draw of every knob), then the four
operations `kernels`, `resize`, `noise`, `jpeg`, and `second_order`, which chains them. `mixture`
gives images to several such degradations, `replay` keeps draws in a log or still over a clip;
`sharpen` is for clean frames, before all this.

Source: Wang et al., "Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic
Data" (arXiv:2107.10833), sections 3.2 to 3.4, with the settings of its x4plus model.
"""
