// The DPO package (dpo.md section 4), read strictly front to back: zip, CMS and container are three streams in each
// other, and nothing looks at a central directory.
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

final class Packages {
  private Packages() {}

  /// Unpacks `in` into `folder` (when given), as `sbd.json` and the container's documents by number.
  static void read(Interop.Request request, Interop.Answer answer) throws Exception {
    Keys own = Keys.load(request);
    String folder = request.one("folder", "");
    try (InputStream file = new BufferedInputStream(new FileInputStream(request.one("in")), 1 << 16);
         ZipInputStream zip = new ZipInputStream(file)) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        answer.fact("package-entry", entry.getName(), Zips.method(entry));
        if (entry.getName().equals("sbd.json")) {
          byte[] sbd = zip.readAllBytes();
          if (!folder.isEmpty())
            Files.write(Path.of(folder, "sbd.json"), sbd);
        } else if (entry.getName().equals("asic.zip")) {
          Envelopes.Opened opened = Envelopes.open(zip, own, answer);
          Containers.read(opened.content, folder, answer);
          opened.finish();
        } else {
          throw new IOException("unknown entry " + entry.getName());
        }
        zip.closeEntry(); // checks CRC and sizes of the descriptor
      }
    }
  }

  /// Writes a package like the reference product's, or one that the broker has added to (`extra`).
  static void write(Interop.Request request) throws Exception {
    try (OutputStream file = new BufferedOutputStream(new FileOutputStream(request.one("out")), 1 << 16);
         ZipOutputStream zip = new ZipOutputStream(file)) {
      if (request.one("level", "").equals("0"))
        zip.setLevel(Deflater.NO_COMPRESSION);
      zip.putNextEntry(Zips.entry(request, "sbd.json"));
      zip.write(Files.readAllBytes(Path.of(request.one("sbd"))));
      zip.closeEntry();
      if (!request.all("document").isEmpty()) {
        zip.putNextEntry(Zips.entry(request, "asic.zip"));
        try (OutputStream sealed = Envelopes.seal(request, zip)) {
          Containers.write(request, sealed);
        }
        zip.closeEntry();
      }
      for (String name : request.all("extra")) {
        zip.putNextEntry(Zips.entry(request, name));
        zip.write(name.getBytes("UTF-8"));
        zip.closeEntry();
      }
    }
  }
}
