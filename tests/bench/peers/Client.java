// SPDX-License-Identifier: MIT

import java.util.HashMap;
import java.util.Map;

/**
 * The properties of Kafka's Java client that all peers are given in a mode: throughput is the best
 * that we found, latency sends at once, linger1 waits 1 ms for company, which a broker at its limit
 * may repay, and default leaves the engine's and the client's own.
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
        } else if (!mode.equals("default")) {
            settings.put("linger.ms", mode.equals("latency") ? "0" : "1");
        }
        return settings;
    }
}
