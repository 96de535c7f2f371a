// Rows of rules_test.cpp: files, by PUT and as parts of a form (rest-api.md 4.1, 4.3, 5.2).
#include "api/testing_rules.hpp"

namespace kanal::api::testing {
namespace {

const std::string disposition_unreadable = "the Content-Disposition header cannot be read: ";

/// Uploads to a fresh message under one header; a 200 must have stored `filename` and `title`.
std::function<Reply(RuleStage&)> putting(std::string disposition, std::string filename = {},
                                         std::optional<std::string> title = std::nullopt, std::string query = {}) {
  return [=](RuleStage& stage) {
    stage.create();
    auto reply = stage.put(message_1 + query, disposition, "x");
    const auto files = stage.files_of(message_1);
    EXPECT_EQ(files.size(), reply.status == 200 ? 1U : 0U);
    if (files.size() != 1) return reply;
    EXPECT_EQ(files[0].filename, filename);
    EXPECT_EQ(files[0].title, title);
    return reply;
  };
}

Rule named(std::string name, std::string disposition, std::string filename,
           std::optional<std::string> title = std::nullopt, std::string query = {}) {
  return {std::move(name), "4.3",
          putting(std::move(disposition), std::move(filename), std::move(title), std::move(query)), 200};
}

Rule refused(std::string name, std::string disposition, const std::string& why) {
  return {
      std::move(name), "4.3", putting(std::move(disposition)), 400, exception::own("MissingHttpHeaderException"), why};
}

std::function<Reply(RuleStage&)> without_header(const std::string& left_out) {
  return [left_out](RuleStage& stage) {
    stage.create();
    net::Headers headers{{"Content-Type", "a/b"}, {"Content-Disposition", "attachment; filename=a"}};
    std::erase_if(headers, [&](const auto& header) { return header.first == left_out; });
    return stage.call("PUT", "/api/messages/out/" + message_1, "x", headers);
  };
}

/// A form with one file, whose name must be stored as `filename` when it is accepted.
std::function<Reply(RuleStage&)> form_with(std::string disposition, std::string filename) {
  return [=](RuleStage& stage) {
    auto reply =
        post_form(stage, {sbd_form(), file_form("arkivmelding.xml", arkivmelding_xml({})), {disposition, "x"}});
    if (reply.status == 200) {
      EXPECT_EQ(stage.files_of(message_1).at(1).filename, filename);
    }
    return reply;
  };
}

std::string large_file_text(const std::string& name) {
  return "The attachment named '" + name +
         "' is too large. The maximum size for multipart requests is 5,242,880 bytes. Please use the non-multipart API "
         "to avoid such problems.";
}

}  // namespace

std::vector<Rule> file_rules() {
  constexpr std::size_t most = 5'242'880;
  constexpr std::size_t limit = 1024 * 1024;  // of the stage's service
  const auto big_limits = [](RuleStage& stage, std::size_t size) {
    stage.transport->limit(std::uint64_t{64} * 1024 * 1024);
    return post_form(stage, {sbd_form(), file_form("arkivmelding.xml", arkivmelding_xml({})),
                             file_form("a.bin", std::string(size, 'x'))});
  };
  const auto over = [](std::string size) {
    return "The combined file size for all attachments (" + size +
           ") exceeds the maximum allowed upload size for the target service (DPO, 1MB)";
  };
  return {
      named("quoted", "attachment; name=\"Vedtak\"; filename=\"vedtak.pdf\"", "vedtak.pdf", "Vedtak"),
      named("plain", "attachment; name=Vedtak; filename=vedtak.pdf", "vedtak.pdf", "Vedtak"),
      named("semicolon_inside_quotes", "attachment; name=\"En; to\"; filename=\"a;b.pdf\"", "a;b.pdf", "En; to"),
      named("backslash_is_a_character", R"(attachment; filename="c\d.pdf")", R"(c\d.pdf)"),
      named("quote_percent_encoded", "attachment; filename*=UTF-8''a%22b.pdf", "a\"b.pdf"),
      named("rfc_5987_utf_8", "attachment; name*=UTF-8''S%C3%B8knad; filename*=UTF-8'no'bl%C3%A5.pdf", "blå.pdf",
            "Søknad"),
      named("rfc_5987_latin_1", "attachment; filename*=ISO-8859-1''bl%E5.pdf", "blå.pdf"),
      named("rfc_5987_wins_whatever_the_order", "attachment; filename*=UTF-8''b.pdf; filename=a.pdf", "b.pdf"),
      named("rfc_5987_charset_in_either_case", "attachment; filename*=utf-8''bl%c3%a5.pdf", "blå.pdf"),
      named("rfc_2047_base64", "attachment; filename=\"=?UTF-8?B?YmzDpS5wZGY=?=\"", "blå.pdf"),
      named("rfc_2047_quoted", "attachment; filename=\"=?ISO-8859-1?Q?bl=E5.pdf?=\"", "blå.pdf"),
      named("raw_latin_1", "attachment; filename=bl\xE5.pdf", "blå.pdf"),
      named("raw_utf_8", "attachment; filename=\"blå.pdf\"", "blå.pdf"),
      named("sami", "attachment; filename*=UTF-8''%C4%8D%C3%A1lus.pdf", "čálus.pdf"),
      named("arabic", "attachment; filename*=UTF-8''%D9%88%D8%AB%D9%8A%D9%82%D8%A9.pdf", "وثيقة.pdf"),
      named("chinese", "attachment; filename*=UTF-8''%E6%96%87%E4%BB%B6.pdf", "文件.pdf"),
      named("emoji", "attachment; filename*=UTF-8''%F0%9F%93%84.pdf", "📄.pdf"),
      named("title_from_the_query_wins", "attachment; name=Under; filename=g.pdf", "g.pdf", "Over", "?title=Over"),
      named("blank_title_is_none", "attachment; name=\" \"; filename=f.pdf", "f.pdf"),
      named("known_and_ignored", "attachment; filename=i.pdf; size=12; creation-date=\"Tue, 1 Sep 2026\"", "i.pdf"),
      refused("parameter_without_value", "attachment; filename", disposition_unreadable + "a parameter has no ="),
      refused("rfc_5987_without_marks", "attachment; filename*=broken",
              disposition_unreadable + "filename* is not of the form UTF-8''percent-encoded (or ISO-8859-1)"),
      refused("rfc_5987_other_charset", "attachment; filename*=UTF-16''a",
              disposition_unreadable + "filename* is not of the form UTF-8''percent-encoded (or ISO-8859-1)"),
      refused("rfc_5987_no_utf_8", "attachment; filename*=UTF-8''bl%E5.pdf",
              disposition_unreadable + "filename* is not of the form UTF-8''percent-encoded (or ISO-8859-1)"),
      refused("rfc_2047_other_charset", "attachment; filename=\"=?UTF-16?B?YQ==?=\"",
              disposition_unreadable + "filename has an encoded word that cannot be decoded"),
      refused("size_is_no_number", "attachment; filename=a; size=big", disposition_unreadable + "size is not a number"),
      refused("no_type", "; filename=a", disposition_unreadable + "it must begin with a type, such as attachment"),
      refused("no_file_name", "attachment; name=only", "Content-Disposition names no file: add filename=\"...\""),
      refused("empty_file_name", "attachment; filename=\"\"",
              "Content-Disposition names no file: add filename=\"...\""),
      {"no_content_disposition", "4.3", without_header("Content-Disposition"), 400, exception::no_header,
       "Required request header 'Content-Disposition' for method parameter type String is not present"},
      {"no_content_type", "4.3", without_header("Content-Type"), 400, exception::no_header,
       "Required request header 'Content-Type' for method parameter type String is not present"},
      {"unknown_message", "4.3", [](RuleStage& stage) { return stage.put_file(message_1, "a.pdf", "x"); }, 404,
       exception::own("MessageNotFoundException"), "Message with messageId = " + message_1 + " was not found"},
      {"queued_message", "4.3",
       [](RuleStage& stage) {
         stage.compose();
         EXPECT_EQ(stage.call("POST", "/api/messages/out/" + message_1).status, 200);
         return stage.put_file(message_1, "late.pdf", "x");
       },
       404, exception::own("MessageNotFoundException"), "Message with messageId = " + message_1 + " was not found"},
      {"empty_file", "4.3",
       [](RuleStage& stage) {
         stage.create();
         auto reply = stage.put_file(message_1, "empty.txt", "");
         EXPECT_EQ(stage.files_of(message_1).at(0).blob.size, 0U);
         return reply;
       },
       200},
      {"used_name", "5.2 no. 1",
       [](RuleStage& stage) {
         stage.create();
         EXPECT_EQ(stage.put_file(message_1, "a.pdf", "1").status, 200);
         return stage.put_file(message_1, "a.pdf", "2");
       },
       400, exception::own("DuplicateFilenameException"), "Filename already exists in message: a.pdf."},
      {"name_in_other_case", "5.2 no. 1",
       [](RuleStage& stage) {
         stage.create();
         EXPECT_EQ(stage.put_file(message_1, "a.pdf", "1").status, 200);
         return stage.put_file(message_1, "A.pdf", "2");
       },
       200},
      {"at_the_limit", "5.2 no. 2",
       [](RuleStage& stage) {
         stage.create();
         return stage.put_file(message_1, "a.pdf", std::string(limit, 'x'));
       },
       200},
      {"over_the_limit", "5.2 no. 2",
       [](RuleStage& stage) {
         stage.create();
         return stage.put_file(message_1, "a.pdf", std::string(limit + 1, 'x'));
       },
       400, exception::own("MaxFileSizeExceededException"), over("1MB")},
      {"sum_over_the_limit", "5.2 no. 2",
       [](RuleStage& stage) {
         stage.create();
         EXPECT_EQ(stage.put_file(message_1, "half.pdf", std::string(600'000, 'x')).status, 200);
         return stage.put_file(message_1, "a.pdf", std::string(1'600'000, 'x'));
       },
       400, exception::own("MaxFileSizeExceededException"), over("2MB")},
      {"used_name_before_size", "5.2",
       [](RuleStage& stage) {
         stage.create();
         EXPECT_EQ(stage.put_file(message_1, "a.pdf", "1").status, 200);
         return stage.put_file(message_1, "a.pdf", std::string(limit + 1, 'x'));
       },
       400, exception::own("DuplicateFilenameException"), "Filename already exists in message: a.pdf."},
      {"broken_arkivmelding",
       "5.2 no. 8",
       [](RuleStage& stage) {
         stage.create();
         return stage.put_file(message_1, "arkivmelding.xml", "<arkivmelding/>");
       },
       400,
       exception::own("MissingSaksmappeException"),
       "Arkivmelding does not contain any instances of 'Saksmappe'",
       {},
       "arkivmelding.xml has no mappe of xsi:type saksmappe"},
      {"form", "4.1",
       [](RuleStage& stage) {
         return post_form(stage, {sbd_form(), file_form("arkivmelding.xml", arkivmelding_xml({"a"})), file_form("a")});
       },
       200},
      {"form_sbd_with_file_name_is_no_file", "4.1",
       [](RuleStage& stage) {
         auto document = sbd_form();
         document.disposition += "; filename=\"sbd.json\"";
         auto reply = post_form(stage, {document, file_form("arkivmelding.xml", arkivmelding_xml({}))});
         EXPECT_EQ(stage.files_of(message_1).size(), 1U);
         return reply;
       },
       200},
      {"form_rfc_5987", "4.1", form_with("name=\"T\"; filename*=UTF-8''bl%C3%A5.pdf", "blå.pdf"), 200},
      {"form_rfc_5987_latin_1", "4.1", form_with("name=\"T\"; filename*=ISO-8859-1''bl%E5.pdf", "blå.pdf"), 200},
      {"form_rfc_2047", "4.1", form_with("name=\"T\"; filename=\"=?UTF-8?Q?bl=C3=A5.pdf?=\"", "blå.pdf"), 200},
      {"form_raw_utf_8", "4.1", form_with("name=\"T\"; filename=\"文件;1.pdf\"", "文件;1.pdf"), 200},
      {"form_bad_charset", "4.1", form_with("name=\"T\"; filename*=UTF-16''a", ""), 400,
       "org.springframework.web.multipart.MultipartException",
       "the multipart body cannot be read: " + disposition_unreadable +
           "filename* is not of the form UTF-8''percent-encoded (or ISO-8859-1)"},
      {"form_without_sbd", "4.1", [](RuleStage& stage) { return post_form(stage, {file_form("a.pdf")}); }, 400,
       exception::no_parameter,
       "Required request parameter 'sbd' for method parameter type StandardBusinessDocument is not present"},
      {"form_with_unreadable_sbd", "4.1",
       [](RuleStage& stage) {
         return post_form(stage, {{"name=\"sbd\"", "[]"}});
       },
       400, exception::mismatch, "Part 'sbd' cannot be read: an SBD must be a JSON object"},
      {"form_file_at_the_limit", "4.1", [=](RuleStage& stage) { return big_limits(stage, most); }, 200},
      {"form_file_over_the_limit", "4.1", [=](RuleStage& stage) { return big_limits(stage, most + 1); }, 400,
       exception::own("MultipartFileToLargeException"), large_file_text("a.bin")},
      {"form_with_equal_names", "4.1",
       [](RuleStage& stage) {
         return post_form(stage, {sbd_form(), file_form("a"), file_form("b"), file_form("a"), file_form("b")});
       },
       400, exception::own("DuplicateFilenameException"), "Filename already exists in message: a, b, a, b."},
      {"form_size_before_names", "4.1",
       [](RuleStage& stage) {
         return post_form(stage, {sbd_form(), file_form("a"), file_form("a", std::string(most + 1, 'x'))});
       },
       400, exception::own("MultipartFileToLargeException"), large_file_text("a")},
      {"form_that_cannot_be_sent_leaves_nothing", "12 no. 3",
       [](RuleStage& stage) {
         EXPECT_EQ(post_form(stage, {sbd_form(), file_form("a")}).status, 400);
         return post_form(stage, {sbd_form(), file_form("arkivmelding.xml", arkivmelding_xml({}))});
       },
       200},
  };
}

std::vector<Rule> send_rules() {
  const auto send = [](RuleStage& stage) { return stage.call("POST", "/api/messages/out/" + message_1); };
  const auto expired = [](RuleStage& stage) { stage.clock.advance(std::chrono::hours(24)); };
  const auto broken_certificate = [](RuleStage& stage) {
    stage.certificate.error = Error{"certificate.invalid", "expired", Disposition::reject, {}, {}};
  };
  const std::string ttl_text =
      "ExpectedResponseDateTime 2026-09-02T09:15:00+02:00 has been exceeded. Please resend the message";
  return {
      {"complete", "4.4",
       [=](RuleStage& stage) {
         stage.compose();
         return send(stage);
       },
       200},
      {"twice_is_sent_once", "4.4",
       [=](RuleStage& stage) {
         stage.compose();
         EXPECT_EQ(send(stage).status, 200);
         auto reply = send(stage);
         EXPECT_EQ(stage.jobs("send"), 1);
         return reply;
       },
       200},
      {"unknown_message", "4.4", send, 404, exception::own("MessageNotFoundException"),
       "Message with messageId = " + message_1 + " was not found"},
      {"certificate_first", "5.3 no. 1",
       [=](RuleStage& stage) {
         stage.create();
         broken_certificate(stage);
         expired(stage);
         return send(stage);
       },
       400, exception::own("InvalidCertificateException"), "expired"},
      {"files_before_time_to_live", "5.3 no. 2",
       [=](RuleStage& stage) {
         stage.create();
         expired(stage);
         auto reply = send(stage);
         EXPECT_EQ(stage.statuses(message_1), std::vector<std::string>{"OPPRETTET"});
         return reply;
       },
       400, exception::own("MissingFileException"), "There must always be at least one attachment"},
      {"time_to_live_before_arkivmelding", "5.3 no. 3",
       [=](RuleStage& stage) {
         stage.create();
         EXPECT_EQ(stage.put_file(message_1, "a.pdf", "x").status, 200);
         expired(stage);
         auto reply = send(stage);
         EXPECT_EQ(stage.statuses(message_1), (std::vector<std::string>{"OPPRETTET", "LEVETID_UTLOPT"}));
         return reply;
       },
       400, exception::own("TimeToLiveException"), ttl_text},
      {"acceptance_fixture_of_section_11", "11",
       [=](RuleStage& stage) {
         stage.compose();
         expired(stage);
         auto reply = send(stage);
         const auto page = stage.get("/api/statuses/" + message_1);
         EXPECT_EQ(page.text_at("/content/1/status"), "LEVETID_UTLOPT");
         EXPECT_EQ(page.text_at("/content/1/description"), "Levetiden for meldingen er utgått. Må sendes på nytt");
         return reply;
       },
       400, exception::own("TimeToLiveException"), ttl_text},
      {"no_arkivmelding", "5.3 no. 4",
       [=](RuleStage& stage) {
         stage.create();
         EXPECT_EQ(stage.put_file(message_1, "Arkivmelding.xml", "x").status, 200);  // case counts
         return send(stage);
       },
       400, exception::own("MissingArkivmeldingException"), "DPO message type requires arkivmelding.xml attachment"},
      {"referenced_files", "5.3 no. 5",
       [=](RuleStage& stage) {
         stage.create();
         EXPECT_EQ(stage.put_file(message_1, "arkivmelding.xml", arkivmelding_xml({"a", "b", "c"})).status, 200);
         EXPECT_EQ(stage.put_file(message_1, "b", "x").status, 200);
         return send(stage);
       },
       400, exception::own("MissingArkivmeldingFileException"),
       "File(s) defined in arkivmelding, but not found in message: a,c"},
      {"receipt_needs_no_files", "messages 4",
       [=](RuleStage& stage) {
         EXPECT_EQ(stage.post_json(sbd(message_1, "arkivmelding_kvittering")).status, 200);
         return send(stage);
       },
       200},
      {"shown_while_queued", "4.5",
       [=](RuleStage& stage) {
         stage.compose();
         EXPECT_EQ(send(stage).status, 200);
         return stage.get("/api/messages/out/" + message_1);
       },
       200},
      {"unknown_is_not_shown", "4.5", [](RuleStage& stage) { return stage.get("/api/messages/out/" + message_1); }, 404,
       exception::own("MessageNotFoundException"), "Message with messageId = " + message_1 + " was not found"},
      {"delete_unknown", "4.7", [](RuleStage& stage) { return stage.call("DELETE", "/api/messages/out/" + message_1); },
       200},
      {"delete_keeps_the_id_used", "4.7",
       [](RuleStage& stage) {
         stage.create();
         EXPECT_EQ(stage.call("DELETE", "/api/messages/out/" + message_1).status, 200);
         return stage.post_json(sbd());
       },
       400, exception::own("MessageAlreadyExistsException"),
       "Message with messageId = " + message_1 + " already exists"},
      {"ids_in_either_case", "12 no. 33",
       [=](RuleStage& stage) {
         stage.compose();
         return stage.call("POST", "/api/messages/out/0C0B0F0E-6F5D-4A55-9D8F-27F6F9A6A001");
       },
       200},
  };
}

}  // namespace kanal::api::testing
