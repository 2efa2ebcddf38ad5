// The window drawn at several sizes, themes and lengths, into PNG files of the test's own folder, for a
// person to look at. What a program can check of them is checked: the theme's grounds, and that nothing is
// empty.
#include <QtTest>

#include "tests/support/attention_text.h"
#include "ui/main_window.h"
#include "ui/state/workspace.h"
#include "ui/widgets/heatmap_view.h"

using namespace attnviz;
using namespace attnviz::ui;

class WindowPicturesTest : public QObject {
    Q_OBJECT

    static std::shared_ptr<const AttentionRun> foxRun() {
        auto run = std::make_shared<AttentionRun>(*test::randomRun(12, 12, 9));
        const QStringList words{"The",   " quick", " brown", " fox", " jumps",
                                " over", " the",   " lazy",  " dog"};
        std::string text;
        for (std::size_t i = 0; i < 9; ++i) {
            run->input.tokens[i].text = words[static_cast<qsizetype>(i)].toStdString();
            text += run->input.tokens[i].text;
        }
        run->input.texts = {text};
        run->model.name = "gpt2";
        return run;
    }

    static std::shared_ptr<const AttentionRun> longRun(int tokens) {
        auto run = std::make_shared<AttentionRun>(*test::randomRun(2, 4, tokens));
        const QStringList words{"Alice", " was",   " beginning", " to",      " get",
                                " very", " tired", " of",        " sitting", "<s>"};
        for (std::size_t i = 0; i < run->input.tokens.size(); ++i)
            run->input.tokens[i].text = words[static_cast<qsizetype>(i) % words.size()].toStdString();
        return run;
    }

 private slots:
    void everySizeAndTheme_data() {
        QTest::addColumn<int>("tokens");
        QTest::addColumn<bool>("dark");
        QTest::addColumn<QSize>("size");
        for (const bool dark : {false, true})
            for (const QSize size : {QSize(1600, 1000), QSize(1280, 800)})
                for (const int tokens : {0, 9, 64, 500}) {
                    const QString name =
                        QString("%1-%2-%3").arg(tokens).arg(dark ? "dark" : "light").arg(size.width());
                    QTest::newRow(qPrintable(name)) << tokens << dark << size;
                }
    }
    void everySizeAndTheme() {
        QFETCH(int, tokens);
        QFETCH(bool, dark);
        QFETCH(QSize, size);
        WindowSettings settings;
        settings.theme = dark ? ThemeChoice::dark : ThemeChoice::light;
        settings.remember = false;
        MainWindow window(settings);
        window.resize(size);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        if (tokens > 0) {
            Session session;
            session.run = tokens == 9 ? foxRun() : longRun(tokens);
            window.workspace().open(session);
            window.workspace().setHead({1, 2});
            window.setText(QString::fromStdString(session.run->text()).left(300));
            QTRY_VERIFY(window.isIdle());
            QTest::qWait(0);
            window.workspace().setHovered(Cell{tokens / 2, tokens / 3});
            QTRY_VERIFY(window.isIdle());
        }
        QCoreApplication::sendPostedEvents();
        QTest::qWait(1);
        const QPixmap picture = window.grab();
        QVERIFY(picture.save(QString("window-%1.png").arg(QTest::currentDataTag())));
        QCOMPARE(picture.size(), size * picture.devicePixelRatio());
        const QColor status = picture.toImage().pixelColor(4, picture.height() - 4);
        QCOMPARE(status, dark ? darkPalette().bars : lightPalette().bars);
        if (tokens > 0) {
            auto* map = window.findChild<HeatmapView*>();
            QVERIFY(map && map->isVisible() && map->mapArea().width() > 200);
        }
    }
};

QTEST_MAIN(WindowPicturesTest)
#include "window_pictures_test.moc"
