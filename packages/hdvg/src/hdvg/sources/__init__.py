"""What a build starts from: lists in every known format, folders, shapes, other datasets."""
