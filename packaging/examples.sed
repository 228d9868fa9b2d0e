# configs/*.ini, as they are installed: the broker inside the process belongs to the demos of the
# source tree, so an installed file names a broker on this machine, and its run lines the place
# where it lies (packaging/install.mk adds that).
s/\${KAFKA:-embedded}/${KAFKA:-localhost:9092}/

# The paragraph about that broker, from the bare "#" before it to the end of the comment.
/^#$/ {
    N
    /\n# On the broker inside the process/ {
        :more
        N
        /\n$/ ! b more
        s/.*//
    }
}
