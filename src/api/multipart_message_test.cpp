// POST /api/messages/out/multipart: rest-api.md 4.1.
#include "api/multipart_message.hpp"
#include "api/testing_stage.hpp"

namespace kanal::api::testing {
namespace {

const std::string path = "/api/messages/out/multipart";
const std::string mismatch = "org.springframework.web.method.annotation.MethodArgumentTypeMismatchException";

struct Part {
  std::string disposition;  ///< behind `form-data; `
  std::string content;
  std::string type{};
};

Part document_part(const json::value& document = sbd()) {
  return {"name=\"sbd\"", json::serialize(document), "application/json"};
}

Part file_part(const std::string& filename, std::string content, const std::string& title = "Tittel") {
  return {"name=\"" + title + "\"; filename=\"" + filename + "\"", std::move(content), {}};
}

Part xml_part(const std::vector<std::string>& files) { return file_part("arkivmelding.xml", arkivmelding_xml(files)); }

std::string body_of(const std::vector<Part>& parts) {
  std::string body;
  for (const auto& part : parts) {
    body += "--b0undary\r\nContent-Disposition: form-data; " + part.disposition + "\r\n";
    if (!part.type.empty()) body += "Content-Type: " + part.type + "\r\n";
    body += "\r\n" + part.content + "\r\n";
  }
  return body + "--b0undary--\r\n";
}

class Multipart : public ApiStage {
 protected:
  const net::Headers headers{{"Content-Type", "multipart/form-data; boundary=b0undary"}};
  Reply post(const std::vector<Part>& parts) { return call("POST", path, body_of(parts), headers); }
  /// Nothing of the request is left.
  void expect_nothing() {
    EXPECT_EQ(get("/api/messages/out").at("/totalElements"), 0);
    EXPECT_EQ(get("/api/conversations").at("/totalElements"), 0);
    EXPECT_EQ(SharedSpool::get().files(), files_before);
    EXPECT_EQ(jobs("send"), 0);
  }
  const std::size_t files_before = SharedSpool::get().files();
};

TEST_F(Multipart, SendsInAnyOrder) {
  const std::string big(100'000, 'b');
  const std::vector<Part> parts = {document_part(), xml_part({"vedtak.pdf"}), file_part("vedtak.pdf", big, "Vedtaket")};
  const std::vector<std::vector<std::size_t>> orders = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}};
  for (const auto& order : orders) {
    const auto id = new_uuid();
    std::vector<Part> turned;
    for (const auto i : order) turned.push_back(i == 0 ? document_part(sbd(id)) : parts[i]);
    const auto reply = post(turned);
    ASSERT_EQ(reply.status, 200) << reply.text;
    EXPECT_EQ(reply.body(), sbd(id));
    const auto files = files_of(id);
    ASSERT_EQ(files.size(), 2U);
    const auto& pdf = files[0].filename == "vedtak.pdf" ? files[0] : files[1];
    EXPECT_EQ(pdf.title, "Vedtaket");
    EXPECT_EQ(pdf.mimetype, "application/pdf");
    EXPECT_TRUE(pdf.primary);
    EXPECT_EQ(pdf.blob.size, big.size());
    EXPECT_EQ(get("/api/conversations/messageId/" + id).text_at("/messageTitle"), "Nye lysrør");
  }
  EXPECT_EQ(jobs("send"), 3);
}

TEST_F(Multipart, AcceptsChunkedBodies) {
  const auto body = body_of({document_part(), xml_part({})});
  EXPECT_EQ(call_chunked("POST", path, body, headers).status, 200);
}

TEST_F(Multipart, NeverTakesTheDocumentForAFile) {
  auto document = document_part();
  document.disposition += "; filename=\"sbd.json\"";
  const auto reply = post({document, xml_part({})});
  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_EQ(files_of(message_1).size(), 1U);
}

TEST_F(Multipart, IgnoresPartsWithoutAFileName) {
  ASSERT_EQ(post({document_part(), xml_part({}), {"name=note", "text"}}).status, 200);
  EXPECT_EQ(files_of(message_1).size(), 1U);
}

TEST_F(Multipart, RefusesUnreadableRequests) {
  auto unknown_type = without(with(sbd(), at::document + "/type", "brev"), "", "arkivmelding");
  unknown_type.as_object()["brev"] = json::object{};
  struct Row {
    std::string name, body, exception;
  };
  const std::string whole = body_of({document_part(), xml_part({})});
  const std::vector<Row> rows = {
      {"no sbd", body_of({xml_part({})}), "org.springframework.web.bind.MissingServletRequestParameterException"},
      {"no JSON", body_of({{"name=sbd", "{"}}), mismatch},
      {"unknown type", body_of({document_part(unknown_type)}), mismatch},
      {"two documents", body_of({document_part(), document_part()}), mismatch},
      {"large document", body_of({{"name=sbd", std::string(domain::max_sbd_bytes + 1, ' ')}}), mismatch},
      {"cut", whole.substr(0, whole.size() - 8), "org.springframework.web.multipart.MultipartException"},
      {"nameless part", body_of({document_part(), {"x=y", "text"}}),
       "org.springframework.web.multipart.MultipartException"},
      {"empty file name", body_of({document_part(), file_part("", "text")}),
       own_exceptions + "MissingHttpHeaderException"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const auto reply = call("POST", path, row.body, headers);
    EXPECT_EQ(reply.status, 400) << reply.text;
    EXPECT_EQ(reply.text_at("/exception"), row.exception) << reply.text;
  }
  expect_nothing();
}

TEST_F(Multipart, WantsAFormWithABoundary) {
  expect_error(call("POST", path, "x", {{"Content-Type", "application/json"}}),
               {415, "Unsupported Media Type", "org.springframework.web.HttpMediaTypeNotSupportedException",
                "Content-Type 'application/json' is not supported", path});
  const auto reply = call("POST", path, "x", {{"Content-Type", "multipart/form-data"}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.text_at("/exception"), "org.springframework.web.multipart.MultipartException");
}

TEST_F(Multipart, ReportsViolationsWithTheirPath) {
  const auto reply = post({document_part(without(sbd("x"), at::header, "headerVersion")), xml_part({})});
  const std::string prefix = "createAndSendMessage.sbd.standardBusinessDocumentHeader.";
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.text_at("/exception"), "jakarta.validation.ConstraintViolationException");
  EXPECT_EQ(reply.text_at("/message"), prefix + "headerVersion: must not be null, " + prefix +
                                           "documentIdentification.instanceIdentifier: 'x' is not a UUID.");
  const json::object first{{"codes", json::array{"NotNull"}},
                           {"defaultMessage", "must not be null"},
                           {"objectName", "standardBusinessDocument"},
                           {"field", prefix + "headerVersion"},
                           {"bindingFailure", false},
                           {"code", "NotNull"}};
  EXPECT_EQ(reply.at("/errors/0"), first);
  EXPECT_EQ(reply.at("/errors").as_array().size(), 2U);
  expect_nothing();
}

TEST_F(Multipart, LimitsEveryFileButNotTheSum) {
  const std::string most(max_multipart_file_bytes, 'x');
  const auto refused =
      refusal("MultipartFileToLargeException",
              "The attachment named 'a.bin' is too large. The maximum size for multipart requests is 5,242,880 "
              "bytes. Please use the non-multipart API to avoid such problems.",
              path);
  expect_error(post({document_part(), file_part("a.bin", most + "y"), xml_part({})}), refused);
  expect_nothing();
  // Exactly the limit passes this check; the service's own limit is the next.
  const auto reply = post({document_part(), file_part("a.bin", most), xml_part({})});
  EXPECT_EQ(
      reply.text_at("/message"),
      "The combined file size for all attachments (5MB) exceeds the maximum allowed upload size for the target service "
      "(DPO, 1MB)");
  expect_nothing();
}

TEST_F(Multipart, TellsAboutTheDocumentBeforeTheFiles) {
  const std::string most(max_multipart_file_bytes + 1, 'x');
  const auto reply = post({file_part("a.bin", most), {"name=sbd", "{"}});
  EXPECT_EQ(reply.text_at("/exception"), mismatch);
}

TEST_F(Multipart, RefusesARequestOverTheServletLimit) {
  ApiSettings settings;
  settings.max_multipart_bytes = 10'000;
  serve(settings);
  const ErrorBody too_large{413, "Payload Too Large",
                            "org.springframework.web.multipart.MaxUploadSizeExceededException",
                            "Maximum upload size exceeded", path};
  const auto body = body_of({document_part(), file_part("a", std::string(20'000, 'x'))});
  expect_error(call("POST", path, body, headers), too_large);
  expect_error(call_chunked("POST", path, body, headers), too_large);
  expect_nothing();
}

TEST_F(Multipart, RefusesEqualNames) {
  expect_error(
      post({document_part(), file_part("a", "1"), file_part("b", "2"), file_part("a", "3"), file_part("b", "4")}),
      refusal("DuplicateFilenameException", "Filename already exists in message: a, b, a, b.", path));
  expect_nothing();
}

TEST_F(Multipart, KeepsNothingOfARefusedMessage) {
  const std::string big(200'000, 'b');
  expect_error(post({document_part()}),
               refusal("MissingFileException", "There must always be at least one attachment", path));
  expect_error(post({document_part(), file_part("a.pdf", big)}),
               refusal("MissingArkivmeldingException", "DPO message type requires arkivmelding.xml attachment", path));
  expect_error(post({document_part(), file_part("a.pdf", big), xml_part({"b.pdf"})}),
               refusal("MissingArkivmeldingFileException",
                       "File(s) defined in arkivmelding, but not found in message: b.pdf", path));
  EXPECT_EQ(post({document_part(), file_part("arkivmelding.xml", "<x")}).text_at("/exception"),
            own_exceptions + "UnmarshalArkivmeldingException");
  certificate.error = Error{"certificate.invalid", "expired", Disposition::reject, {}, {}};
  expect_error(post({document_part(), file_part("a.pdf", big)}),
               refusal("InvalidCertificateException", "expired", path));
  expect_nothing();
  // So the same request can be repeated once it is right.
  certificate.error.reset();
  EXPECT_EQ(post({document_part(), file_part("b.pdf", big), xml_part({"b.pdf"})}).status, 200);
  expect_error(
      post({document_part(), xml_part({})}),
      refusal("MessageAlreadyExistsException", "Message with messageId = " + message_1 + " already exists", path));
}

}  // namespace
}  // namespace kanal::api::testing
