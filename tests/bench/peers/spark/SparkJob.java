// SPDX-License-Identifier: MIT

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.DataStreamWriter;
import org.apache.spark.sql.streaming.Trigger;

/**
 * The job on Spark's Structured Streaming, driver and executor in this process.
 *
 *   SparkJob SERVERS GROUP FROM TO MODEL.json DIR SETTING [realtime]
 *
 * SETTING is throughput, latency, linger1 or default.
 *
 * Micro-batches follow each other without a pause. Real-time mode runs one task for each partition
 * at the same time, so it needs as many slots, and ends a batch, its checkpoint, every 5 s:
 * it takes no less.
 */
public final class SparkJob {
    private SparkJob() {
    }

    private static SparkSession session(boolean realtime) {
        SparkSession session = SparkSession.builder().appName("score")
            .master(realtime ? "local[10]" : "local[2]")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.ui.enabled", "false").getOrCreate();

        session.sparkContext().setLogLevel("WARN");
        return session;
    }

    private static Map<String, String> kafka(String servers, Map<String, String> properties) {
        Map<String, String> options = new HashMap<>();

        options.put("kafka.bootstrap.servers", servers);
        properties.forEach((name, value) -> options.put("kafka." + name, value));
        return options;
    }

    public static void main(String[] args) throws Exception {
        Score score = Score.load(args[4]);
        String mode = args[6];
        boolean realtime = args.length > 7;
        Dataset<Row> scored = session(realtime).readStream().format("kafka")
            .options(kafka(args[0], Client.consumer(mode)))
            .option("subscribe", args[2]).option("startingOffsets", "earliest")
            .option("groupIdPrefix", args[1]).load()
            .select("value").as(Encoders.BINARY())
            .map((MapFunction<byte[], byte[]>) score::apply, Encoders.BINARY()).toDF("value");
        DataStreamWriter<Row> writer = scored.writeStream().format("kafka")
            .options(kafka(args[0], Client.producer(mode)))
            .option("topic", args[3]).option("checkpointLocation", args[5] + "/checkpoints");

        if (realtime)
            writer = writer.outputMode("update").trigger(Trigger.RealTime("5 seconds"));
        writer.start().awaitTermination();
    }
}
