// What went wrong or should be known, above what it concerns; never a dialog. Plain text, one action at most,
// and a way to close it. Banners stack; the same sentence is shown once.
#pragma once

#include <QWidget>
#include <functional>

class QVBoxLayout;

namespace attnviz::ui {

enum class BannerKind { warning, error };

class Banners final : public QWidget {
    Q_OBJECT
 public:
    explicit Banners(QWidget* parent = nullptr);

    void show(BannerKind kind, const QString& sentence, const QString& action = {},
              std::function<void()> act = {});
    void clear();
    QStringList sentences() const;

 private:
    QVBoxLayout* m_layout;
};

}  // namespace attnviz::ui
