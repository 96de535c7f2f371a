// A key with its chain from a PKCS#12 keystore, through the JDK's own keystore code.
import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

final class Keys {
  final PrivateKey key;
  final List<X509Certificate> chain = new ArrayList<>();

  private Keys(PrivateKey key, Certificate[] chain) {
    this.key = key;
    for (Certificate one : chain) this.chain.add((X509Certificate) one);
  }

  X509Certificate certificate() {
    return chain.get(0);
  }

  /// From `keystore`, `alias` and `password`.
  static Keys load(Interop.Request request) throws GeneralSecurityException, IOException {
    char[] password = request.one("password").toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = new FileInputStream(request.one("keystore"))) {
      store.load(in, password);
    }
    String alias = request.one("alias");
    PrivateKey key = (PrivateKey) store.getKey(alias, password);
    if (key == null)
      throw new IOException("the keystore has no key " + alias);
    return new Keys(key, store.getCertificateChain(alias));
  }

  static X509Certificate certificate(String path) throws GeneralSecurityException, IOException {
    byte[] der = Files.readAllBytes(Path.of(path));
    return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
  }
}
