// Archives at the edges of the format: more entries than 16 bits count, more bytes than 32 bits count.
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.HexFormat;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

final class Zips {
  private Zips() {}

  private static final byte[] zeros = new byte[1 << 16];

  static String method(ZipEntry entry) {
    return entry.getMethod() == ZipEntry.STORED ? "stored" : "deflated";
  }

  /// An entry to be written; with `times` it carries extended timestamps, an extra field in both headers.
  static ZipEntry entry(Interop.Request request, String name) {
    ZipEntry entry = new ZipEntry(name);
    if (request.one("times", "no").equals("yes")) {
      FileTime time = FileTime.fromMillis(1_788_256_800_123L);
      entry.setLastModifiedTime(time);
      entry.setLastAccessTime(time);
      entry.setCreationTime(time);
    }
    return entry;
  }

  /// Reads `in` as a stream and then through its directory. `digest` is SHA-256 over name, NUL and content of each
  /// entry, in order.
  static void read(Interop.Request request, Interop.Answer answer) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    long count = 0;
    long bytes = 0;
    byte[] buffer = new byte[1 << 16];
    try (InputStream file = new BufferedInputStream(new FileInputStream(request.one("in")), 1 << 16);
         ZipInputStream zip = new ZipInputStream(file); ZipFile directory = new ZipFile(request.one("in"))) {
      Enumeration<? extends ZipEntry> listed = directory.entries();
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        digest.update((entry.getName() + "\0").getBytes(StandardCharsets.UTF_8));
        long size = 0;
        for (int got = zip.read(buffer); got >= 0; got = zip.read(buffer)) {
          digest.update(buffer, 0, got);
          size += got;
        }
        ZipEntry other = listed.nextElement();
        if (!other.getName().equals(entry.getName()) || other.getSize() != size || other.getCrc() != entry.getCrc()
            || other.getCompressedSize() != entry.getCompressedSize()) {
          throw new IOException("stream and directory disagree about " + entry.getName());
        }
        ++count;
        bytes += size;
      }
      if (listed.hasMoreElements())
        throw new IOException("the directory lists more than the stream holds");
    }
    answer.fact("count", Long.toString(count));
    answer.fact("bytes", Long.toString(bytes));
    answer.fact("digest", HexFormat.of().formatHex(digest.digest()));
  }

  /// `count` entries, each holding its number; every other one stored.
  static void writeMany(Interop.Request request) throws IOException {
    try (OutputStream file = new BufferedOutputStream(new FileOutputStream(request.one("out")), 1 << 16);
         ZipOutputStream zip = new ZipOutputStream(file)) {
      for (int i = 0; i < Integer.parseInt(request.one("count")); ++i) {
        byte[] content = Integer.toString(i).getBytes(StandardCharsets.US_ASCII);
        ZipEntry entry = new ZipEntry("sak/vedlegg-å-" + i);
        if (i % 2 == 0) {
          CRC32 crc = new CRC32();
          crc.update(content);
          entry.setMethod(ZipEntry.STORED);
          entry.setSize(content.length);
          entry.setCrc(crc.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
      }
    }
  }

  /// `size` zeros stored, `size` zeros deflated, and a small entry behind both.
  static void writeLarge(Interop.Request request) throws IOException {
    long size = Long.parseLong(request.one("size"));
    CRC32 crc = new CRC32();
    for (long left = size; left > 0; left -= zeros.length) {
      crc.update(zeros, 0, (int) Math.min(left, zeros.length));
    }
    try (OutputStream file = new BufferedOutputStream(new FileOutputStream(request.one("out")), 1 << 16);
         ZipOutputStream zip = new ZipOutputStream(file)) {
      ZipEntry stored = new ZipEntry("stored");
      stored.setMethod(ZipEntry.STORED);
      stored.setSize(size);
      stored.setCrc(crc.getValue());
      for (ZipEntry entry : Arrays.asList(stored, new ZipEntry("deflated"))) {
        zip.putNextEntry(entry);
        for (long left = size; left > 0; left -= zeros.length) {
          zip.write(zeros, 0, (int) Math.min(left, zeros.length));
        }
        zip.closeEntry();
      }
      zip.putNextEntry(new ZipEntry("last"));
      zip.write("the end".getBytes(StandardCharsets.US_ASCII));
      zip.closeEntry();
    }
  }
}
