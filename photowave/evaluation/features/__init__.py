"""What is measured of every sound by itself: log-mel texture, texture statistics, mean spectrum, health."""
