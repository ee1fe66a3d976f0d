"""Human studies: blinded pages of pairs of videos, their votes, and what the votes say."""
