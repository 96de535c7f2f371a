// Envelopes held against the published WSDL, and answers as CXF writes them.
#include "transports/dpf/svarut_envelope.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.hpp"
#include "formats/xml.hpp"
#include "formats/xml_schema.hpp"
#include "lookup/lookup_testing.hpp"
#include "transports/dpf/dpf_testing.hpp"

namespace kanal::transports::dpf::testing {
namespace {

using lookup::testing::code_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// The schema inside the WSDL, in a file of its own.
const formats::XmlSchema& schema() {
  static const kanal::testing::TemporaryFolder folder;
  static const auto loaded = [] {
    const auto wsdl = kanal::testing::read_file(kanal::testing::shared_data() / "dpf" / "ForsendelsesServiceV9.wsdl");
    const auto begin = wsdl.find("<xs:schema");
    const std::string end = "</xs:schema>";
    auto text = wsdl.substr(begin, wsdl.find(end) + end.size() - begin);
    // Only names how data may be attached.
    for (const std::string gone : {R"(<xs:import namespace="http://www.w3.org/2005/05/xmlmime"/>)",
                                   R"( xmime:expectedContentTypes="application/octet-stream")"}) {
      for (auto at = text.find(gone); at != std::string::npos; at = text.find(gone)) text.erase(at, gone.size());
    }
    return formats::XmlSchema::load(folder.write("v9.xsd", text));
  }();
  EXPECT_TRUE(loaded) << loaded.error().text();
  return *loaded;
}

/// What the schema does not allow in the body of an envelope; empty when nothing.
std::string breach(std::string envelope) {
  // The attachment that an xop:Include stands for is base64 to the schema.
  for (auto at = envelope.find("<xop:Include"); at != std::string::npos; at = envelope.find("<xop:Include")) {
    envelope.replace(at, envelope.find("/>", at) + 2 - at, "AAAA");
  }
  const std::string body = "<soap:Body>";
  const auto begin = envelope.find(body) + body.size();
  auto content = envelope.substr(begin, envelope.find("</soap:Body>") - begin);
  const auto found = schema().validate(bytes_of(content));
  if (!found) return found.error().text();
  return *found ? (*found)->text : "";
}

class SvarUtEnvelope : public ::testing::Test {
 protected:
  Forsendelse make(const std::string& xml = whole_arkivmelding(),
                   const domain::Sbd& sbd = dpf_sbd(R"({"sikkerhetsnivaa":4,"dpf":{"forsendelseType":"a<b"}})")) {
    arkivmelding_ = formats::read_arkivmelding(bytes_of(xml));
    auto made =
        make_forsendelse(sbd, *arkivmelding_, {receiver_number, own_number, receiver_, sender_}, files_, settings_);
    EXPECT_TRUE(made) << made.error().text();
    return made.value_or(Forsendelse{});
  }
  ports::testing::MemoryBlobs blobs_;
  std::vector<ports::Attachment> files_ = whole_files(blobs_);
  Settings settings_ = dpf_settings(SvarUtType::soap);
  json::object receiver_ = info(receiver_number, "HAV & FJORD", "Rådhusgata 4", "6800", "FØRDE");
  json::object sender_ = info(own_number, "DIREKTORATET");
  Result<formats::Arkivmelding> arkivmelding_ = formats::Arkivmelding{};
};

TEST_F(SvarUtEnvelope, EverythingWeWriteKeepsTheSchema) {
  auto sbd = dpf_sbd();
  sbd.scopes.push_back({"ReceiverRef", ks_id, {}, {}});
  settings_.kontering = "K-1";
  EXPECT_EQ(breach(write_send(make())), "");
  EXPECT_EQ(breach(write_send(make(whole_arkivmelding(), sbd))), "");
  EXPECT_EQ(breach(write_send(make(arkivmelding_xml("")))), "") << "nothing that can be left out";
  settings_.only_digital = true;
  receiver_ = {};
  EXPECT_EQ(breach(write_send(make(arkivmelding_xml("")))), "");
  EXPECT_EQ(breach(write_statuses_question({ks_id, message_id})), "");
  EXPECT_EQ(breach(write_find(message_id)), "");
  EXPECT_EQ(breach(write_types_question()), "");
  auto incomplete = write_send(make());
  incomplete.erase(incomplete.find("<kryptert>true</kryptert>"), 25);
  EXPECT_NE(breach(incomplete), "") << "the schema would tell";
}

TEST_F(SvarUtEnvelope, CarriesTheForsendelse) {
  const auto text = write_send(make());
  for (const auto* part :
       {"<krevNiva4Innlogging>true</krevNiva4Innlogging>", "<forsendelseType>a&lt;b</forsendelseType>",
        "<navn>HAV &amp; FJORD</navn>", "<brevtype>BPOST</brevtype>", "<tosidig>true</tosidig>",
        "<orgnr>310701378</orgnr>", "<saksaar>2026</saksaar>", "<journaldato>2026-09-01T00:00:00+02:00</journaldato>",
        "<key>objektnavn</key><value>Havn 7</value>", "href=\"cid:document-0@kanal\"", "href=\"cid:document-1@kanal\"",
        "<forsendelsesid>0c0b0f0e-6f5d-4a55-9d8f-27f6f9a6a001</forsendelsesid>"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_LT(text.find("brev.pdf"), text.find("kart.png")) << "the main document first";
  EXPECT_THAT(write_send(make(arkivmelding_xml(""))), HasSubstr("<saksaar>0</saksaar>")) << "missing numbers are 0";
}

std::string answer(const std::string& operation, const std::string& inside) {
  return "<soap:Envelope xmlns:soap='http://www.w3.org/2003/05/soap-envelope'><soap:Body><ns2:" + operation +
         "Response xmlns:ns2='http://www.ks.no/svarut/servicesV9'>" + inside + "</ns2:" + operation +
         "Response></soap:Body></soap:Envelope>";
}

TEST_F(SvarUtEnvelope, ReadsAnswers) {
  const std::string id = ks_id;
  EXPECT_EQ(*read_soap_sent(answer("sendForsendelseMedId", "<return>" + id + "</return>")), id);
  EXPECT_EQ(code_of(read_soap_sent(answer("sendForsendelseMedId", ""))), "dpf.answer");
  EXPECT_EQ(code_of(read_soap_sent(answer("sendForsendelse", "<return>" + id + "</return>"))), "dpf.answer");
  const auto statuses = read_soap_statuses(
      answer("retrieveForsendelseStatuser",
             "<return><forsendelseStatus>LEST</forsendelseStatus><forsendelsesid>" + id +
                 "</forsendelsesid><sisteStatusEndring>2026-09-01T10:22:08+02:00</sisteStatusEndring></return>"
                 "<return><forsendelsesid>b</forsendelsesid></return><return/>"));
  ASSERT_TRUE(statuses);
  ASSERT_EQ(statuses->size(), 1U) << "a null status is skipped";
  EXPECT_EQ(format_iso(*statuses->front().at), "2026-09-01T08:22:08Z");
  EXPECT_THAT(*read_soap_texts(answer("retreiveForsendelseTyper", "<return>a</return><return>b</return>"),
                               "retreiveForsendelseTyper"),
              ElementsAre("a", "b"));
  EXPECT_THAT(*read_soap_texts(answer("x", ""), "x"), IsEmpty());
}

TEST_F(SvarUtEnvelope, HostileAnswersAreNoAnswers) {
  for (const std::string& text : {std::string("<html>502</html>"), std::string("no xml"), std::string(),
                                  std::string("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), std::string(1000, '<'), [] {
                                    std::string deep;
                                    for (int i = 0; i < 1000; ++i) deep += "<a>";
                                    return deep;
                                  }()}) {
    EXPECT_EQ(code_of(read_soap_sent(text)), "dpf.answer");
    EXPECT_FALSE(fault_in(text));
  }
}

TEST_F(SvarUtEnvelope, FaultsOfBothVersions) {
  EXPECT_EQ(
      fault_in("<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body><s:Fault><s:Code>"
               "<s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang='en'>Duplikat</s:Text></s:Reason>"
               "<s:Detail><x>mer</x></s:Detail></s:Fault></s:Body></s:Envelope>"),
      "Duplikat; mer");
  EXPECT_EQ(fault_in("<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><s:Fault>"
                     "<faultcode>s:Server</faultcode><faultstring>Ugyldig innhold</faultstring></s:Fault></s:Body>"
                     "</s:Envelope>"),
            "Ugyldig innhold");
  EXPECT_FALSE(fault_in(answer("x", "")));
}

TEST_F(SvarUtEnvelope, TheRootOfAnMtomAnswer) {
  const std::string body = "--b1\r\nContent-Type: application/xop+xml\r\nContent-ID: <root>\r\n\r\n<a/>\r\n--b1--\r\n";
  EXPECT_EQ(root_part(R"(multipart/related; type="application/xop+xml"; boundary="b1")", body), "<a/>");
  EXPECT_EQ(root_part("Multipart/Related; boundary=b1; start=x", body), "<a/>");
  EXPECT_EQ(root_part("application/soap+xml", "<a/>"), "<a/>");
  EXPECT_EQ(root_part("multipart/related", "<a/>"), "<a/>");
  EXPECT_EQ(root_part("multipart/related; boundary=other", body), body);
  EXPECT_EQ(root_part("", ""), "");
}

}  // namespace
}  // namespace kanal::transports::dpf::testing
