"""The paper's tables from result files: own figures with intervals and digests, others marked."""
