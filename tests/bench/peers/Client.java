// SPDX-License-Identifier: MIT

import java.util.HashMap;
import java.util.Map;

/**
 * The properties of Kafka's Java client that all peers are given in a mode: throughput and latency
 * are the best that we found for each, default leaves the engine's and the client's own.
 */
public final class Client {
    private Client() {
    }

    public static Map<String, String> consumer(String mode) {
        Map<String, String> settings = new HashMap<>();

        if (mode.equals("throughput"))
            settings.put("max.poll.records", "5000");
        return settings;
    }

    public static Map<String, String> producer(String mode) {
        Map<String, String> settings = new HashMap<>();

        settings.put("acks", "all");
        if (mode.equals("throughput")) {
            settings.put("linger.ms", "20");
            settings.put("batch.size", "262144");
            settings.put("buffer.memory", "67108864");
        } else if (mode.equals("latency")) {
            settings.put("linger.ms", "0");
        }
        return settings;
    }
}
