"""`make run`: an idea goes in, a launch kit comes out, by the same HTTPS calls that everybody makes."""
