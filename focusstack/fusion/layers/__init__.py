"""Near steps in depth: explain the frames by a few layers instead of choosing among them.

Where something near stands before something far, every frame errs: where the far thing is sharp,
the near one spreads over it. Here a small square of the scene is taken as two to four layers with
coverage and colour. A frame is then, from far to near and in linear light, ``out = D(A C) + (1 -
D(A)) out``, where D blurs by the disc that the layer's distance from the plane of focus makes.
Layers are fitted to all frames at once; seen without blur they are the composite. What they say is
used only where frames that a fit has not seen bear it out.

S. W. Hasinoff and K. N. Kutulakos, "A layer-based restoration framework for variable-aperture
photography", ICCV 2007, fit such layers to frames of several apertures; K. Aizawa, K. Kodama and
A. Kubota, "Producing object-based special effects by fusing multiple differently focused images",
IEEE TCSVT 10(2), 2000, and K. Kodama and A. Kubota, "Efficient reconstruction of all-in-focus
images through shifted pinholes from multi-focus images for dense light field synthesis and
rendering", IEEE TIP 22(11), 2013, treat linear versions of whole stacks.
"""
