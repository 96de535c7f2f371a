// PUT /api/messages/out/{messageId}: rest-api.md 4.3 and 5.2.
#include "api/testing_stage.hpp"
#include "net/net_testing.hpp"

namespace kanal::api::testing {
namespace {

const std::string path = "/api/messages/out/" + message_1;
constexpr std::size_t limit = 1024 * 1024;  // of the stage's service

class Upload : public ApiStage {
 protected:
  Upload() { create(); }

  std::string content_of(const ports::Attachment& file) {
    auto source = spool->open(file.blob).value();
    return std::string(text_of(read_all(*source, 2 * limit).value()));
  }
};

ErrorBody missing_header_body(const std::string& name) {
  return {400, "Bad Request", "org.springframework.web.bind.MissingRequestHeaderException",
          "Required request header '" + name + "' for method parameter type String is not present", path};
}

ErrorBody over_limit(const std::string& size) {
  return refusal("MaxFileSizeExceededException",
                 "The combined file size for all attachments (" + size +
                     ") exceeds the maximum allowed upload size for the target service (DPO, 1MB)",
                 path);
}

TEST_F(Upload, StoresFilesInOrder) {
  const std::string large(200'000, 'x');
  const auto first = put(message_1, "attachment; name=\"Vedtak\"; filename=\"vedtak.pdf\"", large);
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.text, "");
  EXPECT_EQ(put(message_1, "attachment; filename=empty.txt", "", "text/plain").status, 200);
  const auto files = files_of(message_1);
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].number, 1);
  EXPECT_EQ(files[0].filename, "vedtak.pdf");
  EXPECT_EQ(files[0].title, "Vedtak");
  EXPECT_EQ(files[0].mimetype, "application/pdf");
  EXPECT_TRUE(files[0].primary);
  EXPECT_EQ(content_of(files[0]), large);
  EXPECT_EQ(files[1].number, 2);
  EXPECT_EQ(files[1].title, std::nullopt);
  EXPECT_FALSE(files[1].primary);
  EXPECT_EQ(content_of(files[1]), "");
}

TEST_F(Upload, AcceptsChunkedBodies) {
  const std::string content(150'000, 'c');
  const auto reply =
      call_chunked("PUT", path, content, {{"Content-Disposition", "attachment; filename=a"}, {"Content-Type", "a/b"}});
  EXPECT_EQ(reply.status, 200);
  ASSERT_EQ(files_of(message_1).size(), 1U);
  EXPECT_EQ(content_of(files_of(message_1)[0]), content);
}

TEST_F(Upload, ReadsNamesAndTitles) {
  struct Row {
    std::string query, disposition, filename;
    std::optional<std::string> title;
  };
  const std::vector<Row> rows = {
      {"", "attachment; name=Tittel; filename=a.pdf", "a.pdf", "Tittel"},
      {"", "anything;name=\"En; to\";filename=\"b;1.pdf\"", "b;1.pdf", "En; to"},
      {"", "attachment; filename=\"c\\d.pdf\"", "c\\d.pdf", std::nullopt},
      {"", "attachment; name=plain; name*=UTF-8''S%C3%B8knad; filename*=UTF-8'no'bl%C3%A5b%C3%A6r.pdf; filename=x.pdf",
       "blåbær.pdf", "Søknad"},
      {"", "attachment; filename=y.pdf; filename*=ISO-8859-1''bl%E5.pdf", "blå.pdf", std::nullopt},
      {"", "attachment; filename=r\xF8yk.pdf", "røyk.pdf", std::nullopt},
      {"", "attachment; name=\" \"; filename=f.pdf", "f.pdf", std::nullopt},
      {"?title=Over", "attachment; name=Under; filename=g.pdf", "g.pdf", "Over"},
      {"?title=%20", "attachment; name=Under; filename=h.pdf", "h.pdf", "Under"},
      {"", "attachment; filename=i.pdf; size=12; creation-date=\"Tue, 1 Sep 2026\"", "i.pdf", std::nullopt},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    SCOPED_TRACE(rows[i].disposition);
    const auto reply = put(message_1 + rows[i].query, rows[i].disposition, "x");
    ASSERT_EQ(reply.status, 200) << reply.text;
    const auto file = files_of(message_1).at(i);
    EXPECT_EQ(file.filename, rows[i].filename);
    EXPECT_EQ(file.title, rows[i].title);
  }
}

TEST_F(Upload, DecidesTheMediaType) {
  struct Row {
    std::string declared, filename, stored;
  };
  const std::string unknown = "application/octet-stream";
  const std::vector<Row> rows = {
      {"application/xml", "a.pdf", "application/xml"},
      {"text/plain; charset=utf-8", "b.pdf", "text/plain; charset=utf-8"},
      {unknown, "c.pdf", "application/pdf"},
      {unknown, "c.html", "text/html"},
      {unknown, "c.txt", "text/plain"},
      {unknown, "c.xml", "text/xml"},
      {unknown, "c.doc", "application/msword"},
      {unknown, "c.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
      {unknown, "c.xls", "application/vnd.ms-excel"},
      {unknown, "c.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
      {unknown, "c.xltx", "application/vnd.openxmlformats-officedocument.spreadsheetml.template"},
      {unknown, "c.ppt", "application/vnd.ms-powerpoint"},
      {unknown, "c.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
      {unknown, "c.odf", "application/vnd.oasis.opendocument.formula"},
      {unknown, "c.odt", "application/vnd.oasis.opendocument.text"},
      {unknown, "c.fods", "application/vnd.oasis.opendocument.spreadsheet"},
      {unknown, "c.fodp", "application/vnd.oasis.opendocument.presentation"},
      {unknown, "c.fodg", "application/vnd.oasis.opendocument.graphics"},
      {unknown, "c.gif", "image/gif"},
      {unknown, "c.jpeg", "image/jpeg"},
      {unknown, "c.jpg", "image/jpeg"},
      {"Application/Octet-Stream; x=y", "c.PNG", "image/png"},
      {unknown, "c.zip", "application/octet-stream"},
      {unknown, "c.unknown", "application/pdf"},
      {unknown, "none", "application/pdf"},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    SCOPED_TRACE(rows[i].filename);
    ASSERT_EQ(put(message_1, "attachment; filename=" + rows[i].filename, "x", rows[i].declared).status, 200);
    EXPECT_EQ(files_of(message_1).at(i).mimetype, rows[i].stored);
  }
}

TEST_F(Upload, NeedsItsHeaders) {
  const net::Headers type = {{"Content-Type", "text/plain"}};
  const net::Headers disposition = {{"Content-Disposition", "attachment; filename=a"}};
  expect_error(call("PUT", path, "x", type), missing_header_body("Content-Disposition"));
  expect_error(call("PUT", path, "x", disposition), missing_header_body("Content-Type"));
}

TEST_F(Upload, TakesABlankContentTypeForNone) {
  auto peer = net::testing::RawSocket::connect(server->port());
  ASSERT_TRUE(peer.send("PUT " + path +
                        " HTTP/1.1\r\nHost: a\r\nContent-Type: \r\nContent-Length: 1\r\n"
                        "Content-Disposition: attachment; filename=a.txt\r\n\r\nx"));
  EXPECT_TRUE(peer.response().starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(files_of(message_1).at(0).mimetype, "text/plain");
}

TEST_F(Upload, RefusesUnreadableDispositions) {
  const std::vector<std::string> rows = {
      "attachment; filename",
      "attachment; filename*=broken",
      "attachment; filename*=UTF-16''a",
      "attachment; filename=a; size=big",
      "attachment; filename=\"a",
      "attachment; name=only",
      "attachment; filename=\"\"",
      "; filename=a",
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row);
    const auto reply = put(message_1, row, "x");
    EXPECT_EQ(reply.status, 400) << reply.text;
    EXPECT_EQ(reply.text_at("/exception"), own_exceptions + "MissingHttpHeaderException");
    EXPECT_TRUE(reply.at("/message").as_string().find("Content-Disposition") != std::string::npos) << reply.text;
  }
  EXPECT_TRUE(files_of(message_1).empty());
}

TEST_F(Upload, RefusesUnknownMessages) {
  for (const auto& id : {message_2, std::string("no-uuid"), std::string("multipart")}) {
    expect_error(put_file(id, "a.pdf", "x"), message_missing(id, "/api/messages/out/" + id));
  }
}

TEST_F(Upload, RefusesSentMessages) {
  compose(message_2);
  ASSERT_EQ(call("POST", "/api/messages/out/" + message_2).status, 200);
  expect_error(put_file(message_2, "late.pdf", "x"), message_missing(message_2, "/api/messages/out/" + message_2));
}

TEST_F(Upload, RefusesAUsedName) {
  ASSERT_EQ(put_file(message_1, "a.pdf", "1").status, 200);
  expect_error(put_file(message_1, "a.pdf", "2"),
               refusal("DuplicateFilenameException", "Filename already exists in message: a.pdf.", path));
  EXPECT_EQ(put_file(message_1, "A.pdf", "2").status, 200);  // case counts
}

TEST_F(Upload, AcceptsExactlyTheLimit) { EXPECT_EQ(put_file(message_1, "a.pdf", std::string(limit, 'x')).status, 200); }

TEST_F(Upload, RefusesMoreThanTheLimit) {
  const auto before = SharedSpool::get().files();
  const std::string body(limit + 1, 'x');
  const net::Headers headers = {{"Content-Disposition", "attachment; filename=a.pdf"},
                                {"Content-Type", "application/pdf"}};
  expect_error(call("PUT", path, body, headers), over_limit("1MB"));
  expect_error(call_chunked("PUT", path, body, headers), over_limit("1MB"));
  EXPECT_EQ(SharedSpool::get().files(), before);
  // The sum of all files counts.
  ASSERT_EQ(put_file(message_1, "half.pdf", std::string(600'000, 'x')).status, 200);
  expect_error(put_file(message_1, "a.pdf", std::string(600'000, 'x')), over_limit("1MB"));
  EXPECT_EQ(files_of(message_1).size(), 1U);
}

TEST_F(Upload, ReadsArkivmelding) {
  ASSERT_EQ(put_file(message_1, "arkivmelding.xml", arkivmelding_xml({})).status, 200);
  const auto conversation = get("/api/conversations/messageId/" + message_1);
  EXPECT_EQ(conversation.text_at("/messageTitle"), "Nye lysrør");
  EXPECT_EQ(conversation.text_at("/messageReference"), "sak-7-12");
}

TEST_F(Upload, RefusesUnreadableArkivmelding) {
  struct Row {
    std::string xml, exception, message;
  };
  const std::vector<Row> rows = {
      {"<arkivmelding>", "UnmarshalArkivmeldingException", "Unable to unmarshal arkivmelding"},
      {"<!DOCTYPE a [<!ENTITY b 'c'>]><arkivmelding>&b;</arkivmelding>", "UnmarshalArkivmeldingException",
       "Unable to unmarshal arkivmelding"},
      {"<arkivmelding/>", "MissingSaksmappeException", "Arkivmelding does not contain any instances of 'Saksmappe'"},
  };
  for (const auto& row : rows) {
    const auto reply = put_file(message_1, "arkivmelding.xml", row.xml);
    EXPECT_EQ(reply.status, 400) << reply.text;
    EXPECT_EQ(reply.text_at("/exception"), own_exceptions + row.exception);
    EXPECT_EQ(reply.text_at("/message"), row.message);
    EXPECT_NE(reply.text_at("/description"), "");
  }
  // Nothing of it was kept: the name is free.
  EXPECT_TRUE(files_of(message_1).empty());
  EXPECT_EQ(put_file(message_1, "arkivmelding.xml", arkivmelding_xml({})).status, 200);
}

TEST_F(Upload, KeepsNothingOfACutTransfer) {
  {
    auto peer = net::testing::RawSocket::connect(server->port());
    ASSERT_TRUE(peer.send("PUT " + path +
                          " HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nContent-Length: 100\r\n"
                          "Content-Disposition: attachment; filename=a.pdf\r\n\r\nhalf"));
  }
  EXPECT_TRUE(files_of(message_1).empty());
  EXPECT_EQ(put_file(message_1, "a.pdf", "whole").status, 200);
  EXPECT_EQ(files_of(message_1).size(), 1U);
}

}  // namespace
}  // namespace kanal::api::testing
