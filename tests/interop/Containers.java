// ASiC-E with CAdES (asic-cms.md sections 2 and 3). Reading refuses whatever is not as the profile says: a receiver may
// be stricter than ours.
import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.ess.ESSCertIDv2;
import org.bouncycastle.asn1.ess.SigningCertificateV2;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

final class Containers {
  private Containers() {}

  private static final String mimetype = "application/vnd.etsi.asic-e+zip";
  private static final String asicNamespace = "http://uri.etsi.org/02918/v1.2.1#";
  private static final String signatureNamespace = "http://www.w3.org/2000/09/xmldsig#";
  private static final String openDocumentNamespace = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0";
  private static final String sha256 = "http://www.w3.org/2001/04/xmlenc#sha256";

  private static void require(boolean holds, String otherwise) throws IOException {
    if (!holds)
      throw new IOException(otherwise);
  }

  /// Reads and verifies. Documents are written to `folder` as 0, 1, ... unless it is empty.
  static void read(InputStream in, String folder, Interop.Answer answer) throws Exception {
    ZipInputStream zip = new ZipInputStream(in);
    readMimetype(zip);
    Map<String, byte[]> digests = new LinkedHashMap<>();
    Map<String, byte[]> metadata = new LinkedHashMap<>();
    for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
      String name = entry.getName();
      require(!digests.containsKey(name) && !metadata.containsKey(name), "two entries named " + name);
      if (name.startsWith("META-INF/")) {
        metadata.put(name, zip.readAllBytes());
        continue;
      }
      require(metadata.isEmpty(), "a document after META-INF: " + name);
      DigestInputStream content = new DigestInputStream(zip, MessageDigest.getInstance("SHA-256"));
      try (OutputStream out = folder.isEmpty() ? OutputStream.nullOutputStream()
                                               : new FileOutputStream(folder + "/" + digests.size())) {
        content.transferTo(out);
      }
      digests.put(name, content.getMessageDigest().digest());
      answer.fact("document", name, Zips.method(entry), HexFormat.of().formatHex(digests.get(name)));
      if (name.equals("manifest.xml") && !folder.isEmpty())
        readParties(Files.readAllBytes(Path.of(folder, "0")), answer);
    }
    String signatureName = checkManifest(metadata, digests);
    checkSignature(metadata.get("META-INF/ASiCManifest.xml"), metadata.get(signatureName), answer);
    checkOpenDocument(metadata.get("META-INF/manifest.xml"), digests.keySet());
    require(metadata.size() == 3, "other files in META-INF");
  }

  /// First, stored, size and CRC known before its content: what `file` and other ASiC readers look for.
  private static void readMimetype(ZipInputStream zip) throws IOException {
    ZipEntry first = zip.getNextEntry();
    require(first != null && first.getName().equals("mimetype"), "the first entry is not mimetype");
    require(first.getMethod() == ZipEntry.STORED && first.getSize() == mimetype.length(), "mimetype is not stored");
    require(first.getExtra() == null, "mimetype has an extra field");
    require(Arrays.equals(zip.readAllBytes(), mimetype.getBytes(StandardCharsets.US_ASCII)), "another mimetype");
  }

  private static Document parse(byte[] xml) throws Exception {
    require(xml != null, "a manifest is missing");
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setNamespaceAware(true);
    factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    return factory.newDocumentBuilder().parse(new ByteArrayInputStream(xml));
  }

  private static void readParties(byte[] manifest, Interop.Answer answer) throws Exception {
    Element root = parse(manifest).getDocumentElement();
    Element main = (Element) root.getElementsByTagName("hoveddokument").item(0);
    answer.fact("receiver", root.getElementsByTagName("mottaker").item(0).getTextContent().trim());
    answer.fact("sender", root.getElementsByTagName("avsender").item(0).getTextContent().trim());
    answer.fact("main", main.getAttribute("href"), main.getAttribute("mime"));
  }

  /// Every document is covered once, in order; gives the signature's name.
  private static String checkManifest(Map<String, byte[]> metadata, Map<String, byte[]> digests) throws Exception {
    Element root = parse(metadata.get("META-INF/ASiCManifest.xml")).getDocumentElement();
    require(root.getLocalName().equals("ASiCManifest") && asicNamespace.equals(root.getNamespaceURI()),
        "ASiCManifest.xml has another root");
    NodeList references = root.getElementsByTagNameNS(asicNamespace, "DataObjectReference");
    List<String> covered = new ArrayList<>();
    for (int i = 0; i < references.getLength(); ++i) {
      Element reference = (Element) references.item(i);
      String name = reference.getAttribute("URI");
      Element method = (Element) reference.getElementsByTagNameNS(signatureNamespace, "DigestMethod").item(0);
      Element value = (Element) reference.getElementsByTagNameNS(signatureNamespace, "DigestValue").item(0);
      require(method.getAttribute("Algorithm").equals(sha256), "another digest algorithm");
      require(digests.containsKey(name), "a listed file is missing: " + name);
      require(Arrays.equals(Base64.getDecoder().decode(value.getTextContent()), digests.get(name)),
          "a digest differs: " + name);
      covered.add(name);
    }
    require(covered.equals(new ArrayList<>(digests.keySet())), "the manifest does not list the files there are");
    Element signature = (Element) root.getElementsByTagNameNS(asicNamespace, "SigReference").item(0);
    require(signature.getAttribute("MimeType").equals("application/x-pkcs7-signature"), "another signature type");
    String name = signature.getAttribute("URI");
    require(metadata.containsKey(name), "the manifest names a signature that is not there: " + name);
    return name;
  }

  private static void checkSignature(byte[] manifest, byte[] signature, Interop.Answer answer) throws Exception {
    CMSSignedData signed = new CMSSignedData(new CMSProcessableByteArray(manifest), signature);
    require(new CMSSignedData(signature).getSignedContent() == null, "the signature is not detached");
    Collection<SignerInformation> signers = signed.getSignerInfos().getSigners();
    require(signers.size() == 1, "not exactly one signer");
    SignerInformation signer = signers.iterator().next();
    @SuppressWarnings("unchecked")
    Collection<X509CertificateHolder> own = signed.getCertificates().getMatches(signer.getSID());
    require(own.size() == 1, "the signer's certificate is not there");
    X509CertificateHolder holder = own.iterator().next();
    require(signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(holder)),
        "the signature is wrong");
    Attribute attribute = signer.getSignedAttributes().get(PKCSObjectIdentifiers.id_aa_signingCertificateV2);
    require(attribute != null, "no signing-certificate-v2: not CAdES");
    ESSCertIDv2 id = SigningCertificateV2.getInstance(attribute.getAttributeValues()[0]).getCerts()[0];
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(holder.getEncoded());
    require(Arrays.equals(digest, id.getCertHash()), "signing-certificate-v2 means another certificate");
    answer.fact("signer", HexFormat.of().formatHex(digest));
    answer.fact("signature-digest", signer.getDigestAlgOID());
    X509Certificate certificate = new JcaX509CertificateConverter().getCertificate(holder);
    for (X509CertificateHolder other : signed.getCertificates().getMatches(null)) {
      if (!other.getSubject().equals(holder.getIssuer()))
        continue;
      certificate.verify(new JcaX509CertificateConverter().getCertificate(other).getPublicKey());
      answer.fact("issuer", HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(other.getEncoded())));
    }
  }

  private static void checkOpenDocument(byte[] manifest, Collection<String> names) throws Exception {
    NodeList entries = parse(manifest).getElementsByTagNameNS(openDocumentNamespace, "file-entry");
    List<String> listed = new ArrayList<>();
    for (int i = 0; i < entries.getLength(); ++i) {
      listed.add(((Element) entries.item(i)).getAttributeNS(openDocumentNamespace, "full-path"));
    }
    List<String> expected = new ArrayList<>(List.of("/"));
    expected.addAll(names);
    require(listed.equals(expected), "META-INF/manifest.xml does not list the files there are");
  }

  /// Writes a container of `document`s with their `name`s and `type`s, signed with `digest` and RSA, as the reference
  /// product writes it: deflated entries with data descriptors.
  static void write(Interop.Request request, OutputStream to) throws Exception {
    Keys signer = Keys.load(request);
    ZipOutputStream zip = new ZipOutputStream(to);
    if (request.one("level", "").equals("0"))
      zip.setLevel(Deflater.NO_COMPRESSION);
    zip.setComment("mimetype=" + mimetype);
    writeMimetype(zip);
    String signatureName = "META-INF/signature-" + UUID.randomUUID() + ".p7s";
    StringBuilder manifest = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n");
    manifest.append("<ASiCManifest xmlns=\"" + asicNamespace + "\" xmlns:ns2=\"" + signatureNamespace + "\">\n");
    manifest.append("    <SigReference URI=\"" + signatureName + "\" MimeType=\"application/x-pkcs7-signature\"/>\n");
    StringBuilder listing = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n");
    listing.append("<manifest:manifest xmlns:manifest=\"" + openDocumentNamespace + "\">\n");
    listing.append("    <manifest:file-entry manifest:full-path=\"/\" manifest:media-type=\"" + mimetype + "\"/>\n");
    for (int i = 0; i < request.all("document").size(); ++i) {
      String name = request.all("name").get(i);
      String type = request.all("type").get(i);
      byte[] digest = writeDocument(request, zip, request.all("document").get(i), name);
      manifest.append("    <DataObjectReference URI=\"" + escape(name) + "\" MimeType=\"" + escape(type) + "\">\n");
      manifest.append("        <ns2:DigestMethod Algorithm=\"" + sha256 + "\"/>\n        <ns2:DigestValue>");
      manifest.append(Base64.getEncoder().encodeToString(digest));
      manifest.append("</ns2:DigestValue>\n    </DataObjectReference>\n");
      listing.append("    <manifest:file-entry manifest:full-path=\"" + escape(name) + "\" manifest:media-type=\""
          + escape(type) + "\"/>\n");
    }
    byte[] signed = (manifest + "</ASiCManifest>\n").getBytes(StandardCharsets.UTF_8);
    writeEntry(zip, "META-INF/ASiCManifest.xml", signed);
    writeEntry(zip, signatureName, sign(signed, signer, request.one("digest", "SHA1")));
    writeEntry(zip, "META-INF/manifest.xml", (listing + "</manifest:manifest>\n").getBytes(StandardCharsets.UTF_8));
    zip.finish();
  }

  private static void writeMimetype(ZipOutputStream zip) throws IOException {
    byte[] content = mimetype.getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry("mimetype");
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    entry.setComment("mimetype=" + mimetype);
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  private static byte[] writeDocument(Interop.Request request, ZipOutputStream zip, String path, String name)
      throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    zip.putNextEntry(Zips.entry(request, name));
    try (InputStream in = new DigestInputStream(new FileInputStream(path), digest)) {
      in.transferTo(zip);
    }
    zip.closeEntry();
    return digest.digest();
  }

  private static void writeEntry(ZipOutputStream zip, String name, byte[] content) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(content);
    zip.closeEntry();
  }

  private static byte[] sign(byte[] content, Keys signer, String digest) throws Exception {
    CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
    generator.addSignerInfoGenerator(
        new JcaSignerInfoGeneratorBuilder(new JcaDigestCalculatorProviderBuilder().setProvider("BC").build())
            .build(new JcaContentSignerBuilder(digest + "withRSA").setProvider("BC").build(signer.key),
                signer.certificate()));
    generator.addCertificates(new JcaCertStore(signer.chain));
    return generator.generate(new CMSProcessableByteArray(content), false).getEncoded();
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
  }
}
