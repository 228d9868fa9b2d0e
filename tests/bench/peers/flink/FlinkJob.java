// SPDX-License-Identifier: MIT

import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The job on Flink's DataStream API, the whole cluster in this process. Source, score and sink are
 * chained: no record crosses a thread or is copied between them.
 *
 *   FlinkJob SERVERS GROUP FROM TO MODEL.json DIR throughput | latency | linger1 | default
 */
public final class FlinkJob {
    private static final TypeInformation<byte[]> BYTES =
        PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;

    private static final class Take extends AbstractDeserializationSchema<byte[]> {
        Take() {
            super(BYTES);
        }

        @Override
        public byte[] deserialize(byte[] value) {
            return value;
        }
    }

    /** Not a lambda: Flink asks for its type argument. */
    private static final class Give implements SerializationSchema<byte[]> {
        @Override
        public byte[] serialize(byte[] value) {
            return value;
        }
    }

    private static final class Predict implements MapFunction<byte[], byte[]> {
        private final Score score;

        Predict(Score score) {
            this.score = score;
        }

        @Override
        public byte[] map(byte[] line) {
            return score.apply(line);
        }
    }

    private static StreamExecutionEnvironment environment(String dir, String mode) {
        Configuration conf = new Configuration();
        StreamExecutionEnvironment env;

        conf.setString("execution.checkpointing.storage", "filesystem");
        conf.setString("execution.checkpointing.dir", "file://" + dir + "/checkpoints");
        conf.setString("rest.port", "0");
        env = StreamExecutionEnvironment.createLocalEnvironment(2, conf);
        env.enableCheckpointing(1000, CheckpointingMode.AT_LEAST_ONCE);
        if (!mode.equals("default"))
            env.getConfig().enableObjectReuse();
        if (mode.equals("latency") || mode.equals("linger1"))
            env.setBufferTimeout(0);
        return env;
    }

    private static Properties properties(Map<String, String> settings) {
        Properties properties = new Properties();

        properties.putAll(settings);
        return properties;
    }

    public static void main(String[] args) throws Exception {
        String servers = args[0], group = args[1], from = args[2], to = args[3], mode = args[6];
        Score score = Score.load(args[4]);
        StreamExecutionEnvironment env = environment(args[5], mode);
        KafkaSource<byte[]> source = KafkaSource.<byte[]>builder()
            .setBootstrapServers(servers).setGroupId(group).setTopics(from)
            .setStartingOffsets(OffsetsInitializer.earliest())
            .setValueOnlyDeserializer(new Take())
            .setProperties(properties(Client.consumer(mode))).build();
        KafkaSink<byte[]> sink = KafkaSink.<byte[]>builder()
            .setBootstrapServers(servers).setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
            .setKafkaProducerConfig(properties(Client.producer(mode)))
            .setRecordSerializer(KafkaRecordSerializationSchema.<byte[]>builder().setTopic(to)
                .setValueSerializationSchema(new Give()).build()).build();

        env.fromSource(source, WatermarkStrategy.noWatermarks(), from)
            .map(new Predict(score)).returns(BYTES).sinkTo(sink);
        env.execute("score");
    }
}
