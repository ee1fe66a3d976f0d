"""The shapes corpus: videos rendered from a seed, whose every property is known.

`scene` says what is shown, `render` paints it, `film` makes one MP4, `corpus` plans many,
`site` writes them with their watch pages, and `server` offers them over HTTP.
"""
