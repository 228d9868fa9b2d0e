// SPDX-License-Identifier: MIT

import ch.randelshofer.fastdoubleparser.JavaDoubleParser;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What all peers do with a record: "f0,...,fn;label" becomes "f0,...,fn;label;prediction;t1", bytes
 * to bytes, so that no engine pays for strings that the job does not need. The same work as
 * lrhost's: every number is read, the prediction is bias, then + w[i] * x[i] in this order, each
 * step rounded, and t1 is the time in milliseconds. A bad record ends the job.
 *
 * Numbers are read by FastDoubleParser, since the JDK's parser, which -Dparser=jdk asks for, costs
 * more. They are printed by the JDK, which up to version 18 at times writes a digit more than
 * needed; the text still reads back as the same double.
 */
public final class Score implements Serializable {
    private static final long serialVersionUID = 1;
    private static final boolean JDK = "jdk".equals(System.getProperty("parser"));

    private final double bias;
    private final double[] weights;

    private Score(double bias, double[] weights) {
        this.bias = bias;
        this.weights = weights;
    }

    /** A model file of lrhost: one flat JSON object, of which bias and weights are read. */
    public static Score load(String path) throws IOException {
        String json = Files.readString(Path.of(path), StandardCharsets.US_ASCII);
        String[] words = find(json, "\"weights\":\\s*\\[([^\\]]*)\\]").split(",");
        double[] weights = new double[words.length];

        for (int i = 0; i < words.length; i++)
            weights[i] = Double.parseDouble(words[i].trim());
        return new Score(Double.parseDouble(find(json, "\"bias\":\\s*([^,}\\s]+)")), weights);
    }

    private static String find(String json, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(json);

        if (!matcher.find())
            throw new IllegalArgumentException("no " + pattern + " in the model file");
        return matcher.group(1);
    }

    public byte[] apply(byte[] line) {
        long t1 = System.currentTimeMillis();
        double y = bias;
        int at = 0;

        for (int i = 0; i < weights.length; i++) {
            int end = next(line, at, i + 1 < weights.length ? ',' : ';');

            y += weights[i] * number(line, at, end);
            at = end + 1;
        }
        number(line, at, line.length);
        return append(line, Double.toString(y), Long.toString(t1));
    }

    private static int next(byte[] line, int at, char separator) {
        while (at < line.length && line[at] != separator)
            at++;
        if (at == line.length)
            throw bad(line);
        return at;
    }

    private static double number(byte[] line, int from, int to) {
        double x = JDK
            ? Double.parseDouble(new String(line, from, to - from, StandardCharsets.ISO_8859_1))
            : JavaDoubleParser.parseDouble(line, from, to - from);

        if (!Double.isFinite(x))
            throw bad(line);
        return x;
    }

    @SuppressWarnings("deprecation") // getBytes(int, int, byte[], int) is the one without a copy
    private static byte[] append(byte[] line, String prediction, String t1) {
        byte[] out = new byte[line.length + prediction.length() + t1.length() + 2];
        int at = line.length;

        System.arraycopy(line, 0, out, 0, at);
        out[at++] = ';';
        prediction.getBytes(0, prediction.length(), out, at);
        at += prediction.length();
        out[at++] = ';';
        t1.getBytes(0, t1.length(), out, at);
        return out;
    }

    private static IllegalArgumentException bad(byte[] line) {
        return new IllegalArgumentException(
            "a bad record: " + new String(line, StandardCharsets.ISO_8859_1));
    }
}
