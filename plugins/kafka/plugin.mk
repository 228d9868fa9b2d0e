LIBS_kafka := -lrdkafka
