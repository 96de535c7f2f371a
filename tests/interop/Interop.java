// A Java peer for interop_test: everything that a receiver or sender on the other side does with our bytes, with the
// JDK's zip and Bouncy Castle. One process serves a whole test run, because starting a JVM costs more than most tests.
//
//   request ::= command { TAB key "=" value } LF        keys may repeat
//   answer  ::= { fact { TAB value } LF } ( "ok" | "failed" TAB reason ) LF
import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.Security;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

final class Interop {
  private Interop() {}

  /// The values of a request.
  static final class Request {
    final String command;
    private final Map<String, List<String>> values = new HashMap<>();

    Request(String line) {
      String[] fields = line.split("\t", -1);
      command = fields[0];
      for (int i = 1; i < fields.length; ++i) {
        int at = fields[i].indexOf('=');
        values.computeIfAbsent(fields[i].substring(0, at), key -> new ArrayList<>()).add(fields[i].substring(at + 1));
      }
    }

    List<String> all(String key) {
      return values.getOrDefault(key, List.of());
    }

    String one(String key) {
      List<String> found = all(key);
      if (found.size() != 1)
        throw new IllegalArgumentException(command + " needs one " + key);
      return found.get(0);
    }

    String one(String key, String otherwise) {
      return all(key).isEmpty() ? otherwise : one(key);
    }
  }

  /// What the answer says besides ok.
  static final class Answer {
    private final StringBuilder text = new StringBuilder();

    void fact(String... fields) {
      text.append(String.join("\t", fields)).append('\n');
    }
  }

  public static void main(String[] arguments) throws IOException {
    Security.addProvider(new BouncyCastleProvider());
    // Names travel in the protocol only: the encoding of the platform must not matter.
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      Answer answer = new Answer();
      String verdict = "ok";
      try {
        serve(new Request(line), answer);
      } catch (Exception | StackOverflowError | OutOfMemoryError e) {
        verdict = "failed\t" + reason(e);
      }
      out.print(answer.text);
      out.print(verdict + "\n");
      out.flush();
    }
  }

  private static String reason(Throwable error) {
    StringBuilder text = new StringBuilder();
    for (Throwable at = error; at != null; at = at.getCause()) {
      text.append(text.length() == 0 ? "" : ": ")
          .append(at.getClass().getSimpleName())
          .append(": ")
          .append(at.getMessage());
    }
    return text.toString().replace('\n', ' ').replace('\t', ' ');
  }

  private static void serve(Request request, Answer answer) throws Exception {
    switch (request.command) {
      case "read-package":
        Packages.read(request, answer);
        break;
      case "write-package":
        Packages.write(request);
        break;
      case "decrypt":
        try (InputStream in = new FileInputStream(request.one("in"));
             FileOutputStream out = new FileOutputStream(request.one("out"))) {
          Envelopes.Opened opened = Envelopes.open(in, Keys.load(request), answer);
          opened.content.transferTo(out);
          opened.finish();
        }
        break;
      case "encrypt":
        Envelopes.encrypt(request, new File(request.one("in")), new File(request.one("out")));
        break;
      case "read-zip":
        Zips.read(request, answer);
        break;
      case "write-many":
        Zips.writeMany(request);
        break;
      case "write-large":
        Zips.writeLarge(request);
        break;
      default:
        throw new IllegalArgumentException("unknown command " + request.command);
    }
  }
}
