"""The Frechet distance between features of videos: a network, its features, two Gaussians."""
