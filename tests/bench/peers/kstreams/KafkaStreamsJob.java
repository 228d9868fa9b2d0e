// SPDX-License-Identifier: MIT

import java.util.Properties;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;

/**
 * The job on Kafka Streams.
 *
 *   KafkaStreamsJob SERVERS GROUP FROM TO MODEL.json DIR throughput | latency | linger1 | default
 */
public final class KafkaStreamsJob {
    private KafkaStreamsJob() {
    }

    public static void main(String[] args) throws Exception {
        Score score = Score.load(args[4]);
        String mode = args[6];
        Serde<byte[]> bytes = Serdes.ByteArray();
        Properties settings = new Properties();
        StreamsBuilder builder = new StreamsBuilder();
        KafkaStreams streams;

        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, args[1]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, args[5] + "/state");
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        Client.consumer(mode).forEach((k, v) -> settings.put(StreamsConfig.consumerPrefix(k), v));
        Client.producer(mode).forEach((k, v) -> settings.put(StreamsConfig.producerPrefix(k), v));
        builder.stream(args[2], Consumed.with(bytes, bytes)).mapValues(score::apply)
            .to(args[3], Produced.with(bytes, bytes));
        streams = new KafkaStreams(builder.build(), settings);
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }
}
