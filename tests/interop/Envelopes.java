// CMS EnvelopedData with Bouncy Castle's streaming parser and generator: the classes that the peers use.
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.oiw.OIWObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAESOAEPparams;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.cms.CMSAlgorithm;
import org.bouncycastle.cms.CMSAuthEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSEnvelopedDataParser;
import org.bouncycastle.cms.CMSEnvelopedDataStreamGenerator;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.KeyTransRecipientInformation;
import org.bouncycastle.cms.RecipientInfoGenerator;
import org.bouncycastle.cms.RecipientInformation;
import org.bouncycastle.cms.jcajce.JceCMSContentEncryptorBuilder;
import org.bouncycastle.cms.jcajce.JceKeyTransEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientId;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientInfoGenerator;
import org.bouncycastle.operator.OutputAEADEncryptor;

final class Envelopes {
  private Envelopes() {}

  private static final String provider = "BC";

  /// Plaintext while it is decrypted.
  static final class Opened {
    final InputStream content;
    private final CMSEnvelopedDataParser parser;
    private final InputStream raw;

    private Opened(InputStream content, CMSEnvelopedDataParser parser, InputStream raw) {
      this.content = content;
      this.parser = parser;
      this.raw = raw;
    }

    /// Reads to the end: padding is checked, and nothing but end-of-contents octets may follow.
    void finish() throws IOException {
      content.transferTo(OutputStream.nullOutputStream());
      if (parser.getUnprotectedAttributes() != null)
        throw new IOException("unprotected attributes");
      int left = 0;
      for (int octet = raw.read(); octet >= 0; octet = raw.read()) {
        if (octet != 0 || ++left > 16)
          throw new IOException("something follows the CMS structure");
      }
    }
  }

  static Opened open(InputStream raw, Keys own, Interop.Answer answer) throws CMSException, IOException {
    CMSEnvelopedDataParser parser = new CMSEnvelopedDataParser(raw);
    if (parser.getRecipientInfos().size() != 1)
      throw new IOException("not exactly one recipient");
    RecipientInformation recipient = parser.getRecipientInfos().get(new JceKeyTransRecipientId(own.certificate()));
    if (recipient == null)
      throw new IOException("encrypted for somebody else");
    answer.fact("key-transport", describe(((KeyTransRecipientInformation) recipient).getKeyEncryptionAlgorithm()));
    answer.fact("content-encryption", parser.getEncryptionAlgOID());
    InputStream content =
        recipient.getContentStream(new JceKeyTransEnvelopedRecipient(own.key).setProvider(provider)).getContentStream();
    return new Opened(content, parser, raw);
  }

  private static String describe(AlgorithmIdentifier algorithm) {
    if (!algorithm.getAlgorithm().equals(PKCSObjectIdentifiers.id_RSAES_OAEP))
      return algorithm.getAlgorithm().getId();
    RSAESOAEPparams oaep = RSAESOAEPparams.getInstance(algorithm.getParameters());
    AlgorithmIdentifier mask = AlgorithmIdentifier.getInstance(oaep.getMaskGenAlgorithm().getParameters());
    return "oaep " + oaep.getHashAlgorithm().getAlgorithm() + " mgf1 " + mask.getAlgorithm();
  }

  /// The algorithm identifier as the reference product builds it: an explicit, empty label.
  private static AlgorithmIdentifier oaep(ASN1ObjectIdentifier hash, ASN1ObjectIdentifier maskHash) {
    AlgorithmIdentifier mask =
        new AlgorithmIdentifier(PKCSObjectIdentifiers.id_mgf1, new AlgorithmIdentifier(maskHash, DERNull.INSTANCE));
    AlgorithmIdentifier label =
        new AlgorithmIdentifier(PKCSObjectIdentifiers.id_pSpecified, new DEROctetString(new byte[0]));
    return new AlgorithmIdentifier(PKCSObjectIdentifiers.id_RSAES_OAEP,
        new RSAESOAEPparams(new AlgorithmIdentifier(hash, DERNull.INSTANCE), mask, label));
  }

  private static RecipientInfoGenerator recipient(Interop.Request request)
      throws GeneralSecurityException, IOException {
    X509Certificate certificate = Keys.certificate(request.one("recipient"));
    String transport = request.one("transport", "oaep-sha256");
    switch (transport) {
      case "pkcs1":
        return new JceKeyTransRecipientInfoGenerator(certificate).setProvider(provider);
      case "oaep-sha256":
        return new JceKeyTransRecipientInfoGenerator(
            certificate, oaep(NISTObjectIdentifiers.id_sha256, NISTObjectIdentifiers.id_sha256))
            .setProvider(provider);
      case "oaep-sha256-mgf1-sha1":
        return new JceKeyTransRecipientInfoGenerator(
            certificate, oaep(NISTObjectIdentifiers.id_sha256, OIWObjectIdentifiers.idSHA1))
            .setProvider(provider);
      case "oaep-sha1":
        return new JceKeyTransRecipientInfoGenerator(
            certificate, oaep(OIWObjectIdentifiers.idSHA1, OIWObjectIdentifiers.idSHA1))
            .setProvider(provider);
      default:
        throw new IllegalArgumentException("unknown key transport " + transport);
    }
  }

  private static ASN1ObjectIdentifier cipher(String name) {
    switch (name) {
      case "AES128-CBC":
        return CMSAlgorithm.AES128_CBC;
      case "AES256-CBC":
        return CMSAlgorithm.AES256_CBC;
      case "AES256-GCM":
        return CMSAlgorithm.AES256_GCM;
      default:
        throw new IllegalArgumentException("unknown cipher " + name);
    }
  }

  /// Encrypts what is written; closing completes the structure and leaves `to` open. With AES-GCM this is what the
  /// reference product does: the *enveloped* generator, which writes the tag as the end of the ciphertext.
  static OutputStream seal(Interop.Request request, OutputStream to)
      throws GeneralSecurityException, CMSException, IOException {
    CMSEnvelopedDataStreamGenerator generator = new CMSEnvelopedDataStreamGenerator();
    generator.addRecipientInfoGenerator(recipient(request));
    generator.setBufferSize(Integer.parseInt(request.one("segment", "1000")));
    generator.setBEREncodeRecipients(request.one("recipients", "der").equals("ber"));
    return generator.open(to,
        new JceCMSContentEncryptorBuilder(cipher(request.one("cipher", "AES256-CBC"))).setProvider(provider).build());
  }

  static void encrypt(Interop.Request request, File from, File to)
      throws GeneralSecurityException, CMSException, IOException {
    if (request.one("authenticated", "no").equals("yes")) {
      CMSAuthEnvelopedDataGenerator generator = new CMSAuthEnvelopedDataGenerator();
      generator.addRecipientInfoGenerator(recipient(request));
      OutputAEADEncryptor encryptor =
          (OutputAEADEncryptor) new JceCMSContentEncryptorBuilder(cipher(request.one("cipher")))
              .setProvider(provider)
              .build();
      CMSProcessableByteArray content = new CMSProcessableByteArray(Files.readAllBytes(from.toPath()));
      Files.write(to.toPath(), generator.generate(content, encryptor).getEncoded());
      return;
    }
    try (InputStream in = new BufferedInputStream(new FileInputStream(from));
         OutputStream out = new BufferedOutputStream(new FileOutputStream(to));
         OutputStream sealed = seal(request, out)) {
      in.transferTo(sealed);
    }
  }
}
