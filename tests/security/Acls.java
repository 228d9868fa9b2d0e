// SPDX-License-Identifier: MIT
//
// Gives and takes rights of a broker, as kafka-acls.sh does, which is not among the broker's jars.
// One process for all of them, because starting a JVM takes longer than a test.
//
//   java -cp 'LIBS/*' Acls.java SERVERS     reads kafka-acls.sh's words from standard input, one
//                                           command a line, and answers "done" when the broker knows
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

class Acls {
    private final Admin admin;

    Acls(Admin admin) {
        this.admin = admin;
    }

    private boolean known(AclBinding right) throws Exception {
        return !admin.describeAcls(right.toFilter()).values().get().isEmpty();
    }

    private void command(String line) throws Exception {
        boolean add = true;
        String principal = null;
        AclOperation operation = null;
        ResourceType type = null;
        String name = null;
        PatternType pattern = PatternType.LITERAL;
        String[] words = line.trim().split(" +");

        for (int i = 0; i < words.length; i++) {
            switch (words[i]) {
            case "kafka-acls.sh" -> { }
            case "--add" -> add = true;
            case "--remove" -> add = false;
            case "--bootstrap-server" -> i++; // ours
            case "--allow-principal" -> principal = words[++i];
            case "--operation" -> operation = AclOperation.valueOf(words[++i].toUpperCase(Locale.ROOT));
            case "--resource-pattern-type" -> pattern = PatternType.fromString(words[++i].toUpperCase(Locale.ROOT));
            case "--topic", "--group", "--transactional-id" -> {
                type = ResourceType.fromString(words[i].substring(2).replace('-', '_').toUpperCase(Locale.ROOT));
                name = words[++i];
            }
            default -> throw new IllegalArgumentException("'" + words[i] + "' of: " + line);
            }
        }
        AclBinding right = new AclBinding(new ResourcePattern(type, name, pattern),
            new AccessControlEntry(principal, "*", operation, AclPermissionType.ALLOW));
        if (add)
            admin.createAcls(List.of(right)).all().get();
        else if (admin.deleteAcls(List.of(right.toFilter())).all().get().size() != 1)
            throw new IllegalStateException("nobody had it: " + line);
        while (known(right) != add) // the controller knows before the broker does
            Thread.sleep(5);
    }

    public static void main(String[] args) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0]))) {
            Acls acls = new Acls(admin);
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in));

            for (String line = in.readLine(); line != null; line = in.readLine()) {
                acls.command(line);
                System.out.println("done");
            }
        }
    }
}
